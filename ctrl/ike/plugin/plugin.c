/* kernel-raven: the charon plugin that hands CHILD_SAs to raven-dataplane.  This file only
 * announces it; ipsec.c is what charon calls.
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include <daemon.h>
#include <library.h>
#include <plugins/plugin.h>

#include "ipsec.h"

METHOD(plugin_t, get_name, char *, plugin_t *this) { return "kernel-raven"; }

METHOD(plugin_t, get_features, int, plugin_t *this, plugin_feature_t *features[]) {
  static plugin_feature_t list[] = {
      PLUGIN_CALLBACK(kernel_ipsec_register, raven_ipsec_create),
      PLUGIN_PROVIDE(CUSTOM, "kernel-ipsec"),
      PLUGIN_DEPENDS(RNG, RNG_STRONG),
  };
  *features = list;
  return countof(list);
}

METHOD(plugin_t, destroy, void, plugin_t *this) { free(this); }

/* Found by charon under this name. */
plugin_t *kernel_raven_plugin_create(void);

plugin_t *kernel_raven_plugin_create(void) {
  plugin_t *this;
  INIT(this, .get_name = _get_name, .get_features = _get_features, .destroy = _destroy);
  return this;
}
