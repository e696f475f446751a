# DPDK: PkgConfig::DPDK.  Tests and tools link its shared libraries; a program with the property
# RAVEN_DPDK_ARCHIVES has the archives inside, with the drivers of buses and network devices.
#
# The shared EAL opens each driver in Debian's plugin directory, needed or not: 190 libraries,
# a third of the time that a dataplane takes to start.
include_guard(GLOBAL)
raven_pkg(DPDK libdpdk)

function(raven_dpdk_archives)
  set(drivers)
  set(others)
  set(needed)
  foreach(flag IN LISTS DPDK_STATIC_LDFLAGS)
    if(flag MATCHES "^-l:librte_(bus|common|mempool|net)_.*\\.a$")
      string(REPLACE "-l:" "${DPDK_LIBDIR}/" archive ${flag})
      list(APPEND drivers ${archive})
    elseif(flag MATCHES "^-l:.*\\.a$")
      string(REPLACE "-l:" "${DPDK_LIBDIR}/" archive ${flag})
      list(APPEND others ${archive})
    elseif(NOT flag MATCHES "^-lrte_" AND flag MATCHES "^-l([^:].*)$")
      set(name ${CMAKE_MATCH_1})
      find_library(raven_lib_${name} ${name})
      # What is not there is for archives of others; libatomic is the compiler's.
      if(raven_lib_${name} OR name STREQUAL "atomic")
        list(APPEND needed ${flag})
      endif()
    endif()
  endforeach()
  list(REMOVE_DUPLICATES drivers)
  list(REMOVE_DUPLICATES others)
  list(REMOVE_DUPLICATES needed)
  list(JOIN drivers "," drivers)
  list(JOIN others "," others)
  get_target_property(shared PkgConfig::DPDK INTERFACE_LINK_LIBRARIES)
  set(whole "$<LINK_LIBRARY:WHOLE_ARCHIVE,${drivers}>")
  set(parts "$<LINK_GROUP:RESCAN,${others}>")
  set(inside "$<BOOL:$<TARGET_PROPERTY:RAVEN_DPDK_ARCHIVES>>")
  set_target_properties(PkgConfig::DPDK PROPERTIES
    INTERFACE_LINK_LIBRARIES "$<IF:${inside},${whole};${parts};${needed},${shared}>"
    INTERFACE_LINK_OPTIONS "$<${inside}:LINKER:--as-needed>")
endfunction()
raven_dpdk_archives()
