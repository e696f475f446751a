"""The lab: sites, gateway boxes, plain nodes and pods as network namespaces on one machine."""
# SPDX-License-Identifier: Apache-2.0
