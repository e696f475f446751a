// First inputs of the targets that read text.
// SPDX-License-Identifier: Apache-2.0
#pragma once

namespace raven::fuzz {

struct SeedText {
  const char* target;
  const char* text;
};

inline constexpr SeedText kSeedTexts[] = {
    {"yaml", R"(instance: "raven"
workers: {count: 1, cpus: [2], idle: adaptive}
memory: {hugepages: true, size_mb: 512, packet_buffers: 16384}
ports:
  - name: wan
    devargs: "0000:01:00.0"
    mode: owned
    role: both
    kernel_interface: wan0
    mtu: 1500
raven0: {name: raven0, mtu: 1400}
sockets:
  control_mode: "0660"
  allowed_uids: [0, 7]
metrics_address: "127.0.0.1:10301"
metrics_spi_label: false
replay_window: 4096
)"},
    {"yaml", R"(ports:
  - {name: l, devargs: net_af_packet0, mode: shared, role: lan, kernel_interface: l, mtu: 9000}
  - {name: w, devargs: net_tap0, role: wan, kernel_interface: w, isolate_kernel: true}
workers: {count: 2, cpus: [1, 2], idle: poll}
)"},
    {"yaml", R"(sas:
  - {tunnel_id: 7, direction: out, spi: 4097, source: 192.0.2.1, destination: 198.51.100.2,
     key: "5555555555555555555555555555555555555555", udp_encap: true}
  - {tunnel_id: 7, direction: in, spi: 4098, source: "2001:db8::1", destination: "2001:db8::2",
     key: "66666666666666666666666666666666", algorithm: aes-128-cbc-hmac-sha2-256-128,
     integrity_key: "7777777777777777777777777777777777777777777777777777777777777777",
     esn: false, replay_window: 64}
)"},
    {"yaml", "a: &x 1\nb: *x\n"},
    {"yaml", "a: {b: [1, {c: !!str d}, ~]}\na: 2\n? [k]\n: v\n"},
    {"yaml", "--- |\n text\n--- >-\n more\n...\n---\n"},
    {"manifest", R"(apiVersion: raven.openyurt.io/v1beta1
kind: Gateway
metadata:
  name: cloud
  resourceVersion: "77"
  generation: 3
  creationTimestamp: "2024-05-01T10:20:30Z"
  annotations: {raven.openyurt.io/extra-allowed-source-cidrs: "10.9.0.0/16, x"}
spec:
  exposeType: PublicIP
  proxyConfig: {Replicas: 2}
  tunnelConfig: {Replicas: 1}
  endpoints:
  - {nodeName: gw1, type: tunnel, underNAT: false, publicIP: 203.0.113.1, port: 4501}
  - {nodeName: gw1, type: proxy, publicIP: 127.0.0.1, publicPort: 70000}
  - {nodeName: gw2, type: tunnel, underNAT: true, natType: symmetric, config: {key: value}}
status:
  nodes:
  - {nodeName: gw1, privateIP: 192.168.0.1, subnets: [10.1.0.0/24, "fd00:1::/64", 5]}
  activeEndpoints:
  - {nodeName: gw1, type: tunnel, port: 4500, config: {enable-l3-tunnel: "true"}}
---
apiVersion: raven.openyurt.io/v1alpha1
kind: Gateway
metadata: {name: edge, annotations: {raven.openyurt.io/enable-tunnel: "false"}}
spec:
  endpoints: [{nodeName: edge-gw-1, publicIP: "2001:db8::1"}]
status:
  activeEndpoint: {nodeName: edge-gw-1, underNAT: true}
  nodes: [{nodeName: edge-gw-1, privateIP: 10.0.0.1, subnets: [10.1.0.0/16, 0.0.0.0/0]}]
)"},
    {"manifest", R"(apiVersion: v1
kind: Node
metadata:
  name: edge-1
  labels: {raven.openyurt.io/gateway: edge}
  annotations: {projectcalico.org/IPv4Address: 10.0.0.1/24}
  deletionTimestamp: "2024-05-01T10:20:30Z"
spec: {podCIDR: 10.1.0.0/24, podCIDRs: [10.1.0.0/24, ""]}
status:
  addresses: [{type: InternalIP, address: 10.0.0.1}, {type: Hostname, address: x}]
  conditions: [{type: Ready, status: "True"}]
---
{"metadata": {"name": "raven-cfg"}, "data": {"enable-l3-tunnel": "True"}}
---
metadata: {name: lease, namespace: kube-system}
spec: {holderIdentity: a, leaseDurationSeconds: 15, renewTime: "2024-05-01T10:20:30.000000Z",
  acquireTime: x, leaseTransitions: 18446744073709551615}
---
metadata: {name: block}
spec: {cidr: 10.1.0.0/26, node: edge-1, state: confirmed, deleted: "false"}
)"},
    {"manifest", R"({"metadata":{"name":"\ud83d\ude00"},"a":[1,-2,3.5e3,true,null,{"b":{}}]})"},
    {"manifest", "a: 1e400\nb: 0x10\nc: '1'\nd: -9223372036854775808\ne: .5\nf: ~\n"},
    {"watch",
     R"(~{"metadata":{"resourceVersion":"5"},"items":[{"metadata":{"name":"a","managedFields":[]}}]}
{"type":"ADDED","object":{"metadata":{"name":"b","resourceVersion":"6","annotations":{"a":""}}}}
{"type":"ADDED","object":{"metadata":{"name":"c","resourceVersion":"7"},"status":{"images":[]}}}
{"type":"MODIFIED","object":{"metadata":{"name":"a","resourceVersion":"7"}}}
{"type":"DELETED","object":{"metadata":{"name":"a","resourceVersion":"8"}}}
{"type":"BOOKMARK","object":{"metadata":{"resourceVersion":"9"}}}
!200
{"type":"ERROR","object":{"code":410,"reason":"Expired"}}
{"metadata":{"resourceVersion":"15","continue":"c"},"items":null}
!410
!404
!429
!0
)"},
    {"watch", R"(4{"metadata":{"resourceVersion":"5"},"items":[]}
{"type":"ERROR","object":{"code":500,"message":"m"}}
{"metadata":{"resourceVersion":"5","continue":"c"},"items":[{}]}
{"metadata":{"resourceVersion":"5"},"items":[]}
{"type":"OTHER","object":{"metadata":{"name":"a","resourceVersion":"8"}}}
{"metadata":{"resourceVersion":"5"},"items":[]}
{"type":"ADDED"}
{"items":[]}
{"message":"text"}
)"},
    {"kubeconfig", R"(apiVersion: v1
current-context: c
contexts: [{name: other, context: {}}, {name: c, context: {cluster: k, user: u}}]
clusters: [{name: k, cluster: {server: "https://10.0.0.1:6443/", certificate-authority: ca.crt}}]
users: [{name: u, user: {client-certificate-data: YWJjZA==, client-key: /k, tokenFile: t}}]
)"},
    {"kubeconfig", R"(current-context: c
contexts: [{name: c, context: {cluster: k, user: u}}]
clusters: [{name: k, cluster: {server: "https://x", certificate-authority-data: "YWJj\nZGU="}}]
users: [{name: u, user: {token: secret, client-key-data: "YW!j"}}]
)"},
    {"kubeconfig", R"(current-context: c
contexts: [{name: c, context: {cluster: k, user: u}}]
clusters: [{name: k, cluster: {server: "https://x", certificate-authority-data: "YWJjZA="}}]
users: [{name: u, user: {exec: {command: x}}}]
)"},
    {"kubeconfig", R"(current-context: c
contexts: [{name: c, context: {cluster: k, user: u}}]
clusters: [{name: k, cluster: {server: "https://x", insecure-skip-tls-verify: true}}]
users: [{name: u, user: {auth-provider: {}}}]
)"},
    {"kubeconfig", R"(current-context: c
contexts: [{name: c, context: {cluster: k, user: u}}]
clusters: [{name: k, cluster: {server: "http://x"}}]
)"},
    {"kubeconfig", R"(current-context: c
contexts: [{name: c, context: {cluster: k, user: u}}]
clusters: [{name: k, cluster: {server: "https://x"}}]
users: [{name: u, user: {username: x}}]
---
second: document
)"},
    {"kubeconfig", R"(current-context: c
contexts: [{name: c, context: {cluster: k, user: u}}]
clusters: [{name: k, cluster: {server: "https://x"}}]
users: [{name: u, user: {username: x}}]
)"},
    {"snapshot",
     "1---\n# gateways\n{\"metadata\":{\"name\":\"a\"}}\n---\n# nodes\n"
     "{\"metadata\":{\"name\":\"n\",\"namespace\":\"s\"},\"spec\":{}}\n"},
    {"snapshot", "1---\n# gateways\n{\"metadata\":{}}\n"},
    {"snapshot", "1---\nx\n{}\n"},
};

}  // namespace raven::fuzz
