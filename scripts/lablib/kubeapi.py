"""A small HTTP client for the lab's API server, which answers inside the management namespace."""
# SPDX-License-Identifier: Apache-2.0
import http.client
import json
import socket
import ssl
import urllib.parse

from .netns import LabError, inside

# kind -> (API prefix, plural, namespaced)
KINDS = {
    "Namespace": ("/api/v1", "namespaces", False),
    "Node": ("/api/v1", "nodes", False),
    "ConfigMap": ("/api/v1", "configmaps", True),
    "ServiceAccount": ("/api/v1", "serviceaccounts", True),
    "Gateway": ("/apis/raven.openyurt.io/v1beta1", "gateways", False),
    "Lease": ("/apis/coordination.k8s.io/v1", "leases", True),
    "CustomResourceDefinition":
        ("/apis/apiextensions.k8s.io/v1", "customresourcedefinitions", False),
    "ClusterRole": ("/apis/rbac.authorization.k8s.io/v1", "clusterroles", False),
    "ClusterRoleBinding": ("/apis/rbac.authorization.k8s.io/v1", "clusterrolebindings", False),
    "Role": ("/apis/rbac.authorization.k8s.io/v1", "roles", True),
    "RoleBinding": ("/apis/rbac.authorization.k8s.io/v1", "rolebindings", True),
}


class ApiError(LabError):
    def __init__(self, code, message):
        super().__init__(message)
        self.code = code


class _Connection(http.client.HTTPSConnection):
    """Connects from inside a namespace."""

    def __init__(self, namespace, host, port, context):
        super().__init__(host, port, context=context, timeout=20)
        self._namespace, self._tls = namespace, context

    def connect(self):
        with inside(self._namespace):
            plain = socket.create_connection((self.host, self.port), self.timeout)
        self.sock = self._tls.wrap_socket(plain, server_hostname=self.host)


class Api:
    """As the administrator."""

    def __init__(self, namespace, server, authority, certificate, key):
        self.server = server
        self._namespace = namespace
        self._address = urllib.parse.urlsplit(server)
        self._context = ssl.create_default_context(cafile=authority)
        self._context.load_cert_chain(certificate, key)

    def request(self, method, path, body=None, content_type="application/json"):
        connection = _Connection(self._namespace, self._address.hostname, self._address.port,
                                 self._context)
        try:
            connection.request(method, path, json.dumps(body) if body is not None else None,
                               {"Content-Type": content_type, "Accept": "application/json"})
            answer = connection.getresponse()
            text = answer.read().decode()
        except OSError as error:
            raise LabError(f"{method} {self.server}{path}: {error}") from error
        finally:
            connection.close()
        if answer.status >= 300:
            raise ApiError(answer.status, f"{method} {path}: {answer.status}: {text.strip()}")
        return json.loads(text) if text.startswith("{") else text

    def apply(self, manifest):
        """Creates the object, or merges the manifest into the one that exists."""
        path, name = collection_path(manifest), manifest["metadata"]["name"]
        try:
            return self.request("POST", path, manifest)
        except ApiError as error:
            if error.code != 409:
                raise
        return self.request("PATCH", f"{path}/{name}", manifest, "application/merge-patch+json")

    def get(self, kind, name="", namespace=""):
        return self.request("GET", object_path(kind, name, namespace))

    def patch_status(self, kind, name, status, namespace=""):
        return self.request("PATCH", object_path(kind, name, namespace) + "/status",
                            {"status": status}, "application/merge-patch+json")

    def token(self, account, namespace="kube-system", seconds=24 * 3600):
        """A service account token, as a kubelet would project it."""
        body = {"apiVersion": "authentication.k8s.io/v1", "kind": "TokenRequest",
                "spec": {"expirationSeconds": seconds}}
        path = object_path("ServiceAccount", account, namespace) + "/token"
        return self.request("POST", path, body)["status"]["token"]


def collection_path(manifest):
    return object_path(manifest["kind"], "", manifest["metadata"].get("namespace", ""))


def object_path(kind, name="", namespace=""):
    if kind not in KINDS:
        raise LabError(f"kind {kind!r} is not known to the lab: add it to kubeapi.KINDS")
    prefix, plural, namespaced = KINDS[kind]
    scope = f"/namespaces/{namespace}" if namespaced and namespace else ""
    return f"{prefix}{scope}/{plural}" + (f"/{name}" if name else "")
