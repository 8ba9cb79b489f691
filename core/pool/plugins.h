/* plugins.h - where the plugins of given options are. */
#ifndef SOPOOL_POOL_PLUGINS_H
#define SOPOOL_POOL_PLUGINS_H

#include "plugin/catalog.h"
#include "pool/options.h"

/* sopool_catalog_open is this: the folders of the command line first, then
 * those of SOPOOL_PLUGIN_PATH, then the config's, or the usual ones when the
 * config has none. */
sopool_catalog *plugins_find(const sopool_options *options,
                             sopool_report_fn *report, void *ctx,
                             sopool_error *err);

#endif
