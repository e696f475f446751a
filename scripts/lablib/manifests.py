"""The Kubernetes objects of the lab, as a user and a kubelet would write them.  Pure."""
# SPDX-License-Identifier: Apache-2.0
from . import topology

GROUP = "raven.openyurt.io"
POOL_LABEL = f"{GROUP}/gateway"
TUNNEL_PORT = 4500


def namespace(name="kube-system"):
    return {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}}


def raven_cfg():
    """The global switches of Raven: layer 3 on, layer 7 off."""
    return {"apiVersion": "v1", "kind": "ConfigMap",
            "metadata": {"name": "raven-cfg", "namespace": "kube-system"},
            "data": {"enable-l3-tunnel": "true", "enable-l7-proxy": "false"}}


def node(box):
    return {"apiVersion": "v1", "kind": "Node",
            "metadata": {"name": box.name, "labels": {POOL_LABEL: box.site.name,
                                                      "kubernetes.io/hostname": box.name}},
            "spec": {"podCIDR": box.pod_cidr_v4, "podCIDRs": [box.pod_cidr_v4, box.pod_cidr_v6]}}


def node_status(box, ready=True):
    return {"addresses": [{"type": "InternalIP", "address": box.lan_address},
                          {"type": "InternalIP", "address": box.lan_address_v6},
                          {"type": "Hostname", "address": box.name}],
            "conditions": [{"type": "Ready", "status": "True" if ready else "Unknown",
                            "reason": "KubeletReady" if ready else "NodeStatusUnknown",
                            "message": "set by the lab",
                            "lastHeartbeatTime": "2026-01-01T00:00:00Z",
                            "lastTransitionTime": "2026-01-01T00:00:00Z"}]}


def gateway(site):
    """A pool whose candidate endpoints are the gateway boxes of the site, in order."""
    boxes = [box for box in topology.BOXES if box.site == site and box.gateway]
    return {"apiVersion": f"{GROUP}/v1beta1", "kind": "Gateway",
            "metadata": {"name": site.name},
            "spec": {"nodeSelector": {"matchLabels": {POOL_LABEL: site.name}},
                     "proxyConfig": {"Replicas": 0},
                     "tunnelConfig": {"Replicas": 1},
                     "endpoints": [{"nodeName": box.name, "type": "tunnel", "port": TUNNEL_PORT,
                                    "publicIP": box.wan_address, "underNAT": False}
                                   for box in boxes]}}


def gateways():
    return [gateway(site) for site in topology.SITES]


def kubeconfig(server, authority_file, user):
    """A kubeconfig with one context; `user` holds a token, tokenFile or client certificate."""
    return {"apiVersion": "v1", "kind": "Config", "current-context": "lab",
            "clusters": [{"name": "lab", "cluster": {"server": server,
                                                     "certificate-authority": authority_file}}],
            "users": [{"name": "lab", "user": user}],
            "contexts": [{"name": "lab", "context": {"cluster": "lab", "user": "lab"}}]}
