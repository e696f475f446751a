# What every target of Raven Gateway shares: language level, warnings, hardening, sanitizers, and
# the functions that declare libraries, programs and tests.

set(CMAKE_CXX_STANDARD 20)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_C_STANDARD 11)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)
set(CMAKE_POSITION_INDEPENDENT_CODE ON)
set(CMAKE_CXX_FLAGS_RELEASE "-O3 -g1")

if(NOT CMAKE_BUILD_TYPE)
  set(CMAKE_BUILD_TYPE Release)
endif()

set(RAVEN_SANITIZE "" CACHE STRING "Sanitizers to build with, for example address,undefined")
# At -O1 the compiler works on what sanitizers add for longer than the tests save by it.
if(RAVEN_SANITIZE)
  set(CMAKE_CXX_FLAGS_DEBUG "-Og -g1")
else()
  set(CMAKE_CXX_FLAGS_DEBUG "-O1 -g1")
endif()
option(RAVEN_UNIT_TESTS "Build the C++ unit tests" ON)
option(RAVEN_FUZZ "Build the libFuzzer targets, as the preset fuzz does" OFF)

find_program(CCACHE_PROGRAM ccache)
if(CCACHE_PROGRAM)
  set(CMAKE_CXX_COMPILER_LAUNCHER ${CCACHE_PROGRAM})
  set(CMAKE_C_COMPILER_LAUNCHER ${CCACHE_PROGRAM})
endif()

find_package(PkgConfig REQUIRED)
find_package(Threads REQUIRED)

# Interface target: warnings and hardening of our own code, never of third-party headers.
add_library(raven_build INTERFACE)
target_compile_options(raven_build INTERFACE
  -Wall -Wextra -Wshadow -Werror -fstack-protector-strong
  $<$<COMPILE_LANGUAGE:CXX>:-Wconversion -Wnon-virtual-dtor -Woverloaded-virtual>)
# At -O3 GCC 12's flow analysis sees faults in inlined std::string and fmt code that are not there
# (GCC PR 105651, 105329, 105562).  The other presets keep these warnings.
target_compile_options(raven_build INTERFACE
  $<$<AND:$<CONFIG:Release>,$<COMPILE_LANG_AND_ID:CXX,GNU>>:-Wno-restrict -Wno-array-bounds
  -Wno-stringop-overflow -Wno-stringop-overread -Wno-maybe-uninitialized>)
# To clang -Wconversion is more than to GCC: the sign too.
target_compile_options(raven_build INTERFACE
  $<$<COMPILE_LANG_AND_ID:CXX,Clang>:-Wno-sign-conversion>)
target_compile_definitions(raven_build INTERFACE
  RAVEN_VERSION="${PROJECT_VERSION}" FMT_ENFORCE_COMPILE_STRING=0)
target_include_directories(raven_build INTERFACE ${PROJECT_SOURCE_DIR})
if(RAVEN_SANITIZE)
  target_compile_options(raven_build INTERFACE
    -fsanitize=${RAVEN_SANITIZE} -fno-omit-frame-pointer -fno-sanitize-recover=all)
  target_link_options(raven_build INTERFACE -fsanitize=${RAVEN_SANITIZE})
else()
  target_compile_options(raven_build INTERFACE $<$<CONFIG:Release>:-D_FORTIFY_SOURCE=2>)
  target_link_options(raven_build INTERFACE -Wl,-z,relro,-z,now)
endif()

if(RAVEN_FUZZ)  # which lines a corpus reaches
  target_compile_options(raven_build INTERFACE -fprofile-instr-generate -fcoverage-mapping)
  target_link_options(raven_build INTERFACE -fprofile-instr-generate)
endif()

# raven_pkg(NAME MODULE): an imported target from pkg-config, its headers treated as system headers.
function(raven_pkg name module)
  if(NOT TARGET PkgConfig::${name})
    pkg_check_modules(${name} REQUIRED IMPORTED_TARGET GLOBAL ${module})
  endif()
endfunction()

# raven_library(NAME SOURCES ... DEPENDS ...): a static library; DEPENDS are its only arrows.
function(raven_library name)
  cmake_parse_arguments(arg "" "" "SOURCES;DEPENDS" ${ARGN})
  add_library(${name} STATIC ${arg_SOURCES})
  target_link_libraries(${name} PUBLIC raven_build ${arg_DEPENDS})
endfunction()

# raven_program(NAME SOURCES ... DEPENDS ...): a program, put into build/<preset>/bin.
function(raven_program name)
  cmake_parse_arguments(arg "" "" "SOURCES;DEPENDS" ${ARGN})
  add_executable(${name} ${arg_SOURCES})
  target_link_libraries(${name} PRIVATE raven_build ${arg_DEPENDS})
  set_target_properties(${name} PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR}/bin)
endfunction()

# raven_test(NAME SOURCES ... DEPENDS ... [LABELS ...] [TIMEOUT s]): a GoogleTest program and its
# ctest entry.  Labels: unit (default) or integration; "threads" marks what the tsan preset runs.
function(raven_test name)
  cmake_parse_arguments(arg "" "TIMEOUT" "SOURCES;DEPENDS;LABELS" ${ARGN})
  if(NOT arg_LABELS)
    set(arg_LABELS unit)
  endif()
  if(NOT RAVEN_UNIT_TESTS AND "unit" IN_LIST arg_LABELS)
    return()
  endif()
  find_package(GTest REQUIRED)
  add_executable(${name} ${arg_SOURCES})
  target_link_libraries(${name} PRIVATE raven_build ${arg_DEPENDS} GTest::gmock GTest::gtest_main)
  set_target_properties(${name} PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR}/tests)
  if(NOT arg_TIMEOUT)
    set(arg_TIMEOUT 120)
  endif()
  add_test(NAME ${name} COMMAND ${name} WORKING_DIRECTORY ${PROJECT_SOURCE_DIR})
  set_tests_properties(${name} PROPERTIES LABELS "${arg_LABELS}" TIMEOUT ${arg_TIMEOUT})
endfunction()

# raven_random_test(NAME SOURCES ... DEPENDS ... CASES n): a test of random cases (see
# tests/lib/random_cases.h).  All of them run as an integration test of the release build; in the
# others it is a unit test of as few as it chooses itself.
function(raven_random_test name)
  cmake_parse_arguments(arg "" "CASES" "SOURCES;DEPENDS" ${ARGN})
  if(RAVEN_UNIT_TESTS)
    raven_test(${name} SOURCES ${arg_SOURCES} DEPENDS ${arg_DEPENDS} TIMEOUT 300)
    return()
  endif()
  raven_test(${name} SOURCES ${arg_SOURCES} DEPENDS ${arg_DEPENDS} LABELS integration TIMEOUT 600)
  set_tests_properties(${name} PROPERTIES ENVIRONMENT RAVEN_TEST_CASES=${arg_CASES})
endfunction()
