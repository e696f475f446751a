"""Where the lab keeps its Kubernetes objects: a real API server, or a directory of manifests.

Both have the same methods: start, apply, get, set_node_ready, source_for (what a program is given
as its `source`), and admin_source (the same for the user).
"""
# SPDX-License-Identifier: Apache-2.0
import fcntl
import os

import yaml

from . import kubeapi, manifests, topology
from .host import SCRIPTS, wait_for
from .netns import LabError, run_in

ROOT = os.path.dirname(SCRIPTS)
CONFIGS = os.path.join(ROOT, "configs")
KUBE_SERVER = os.path.join(ROOT, "tests/lib/kube-server")
SERVER = f"https://{topology.API_ADDRESS}:{topology.API_PORT}"


def load_manifests(folder):
    """All objects of the YAML files in a folder under configs/."""
    objects = []
    for name in sorted(os.listdir(folder)) if os.path.isdir(folder) else []:
        if name.endswith(".yaml"):
            with open(os.path.join(folder, name), encoding="utf-8") as file:
                objects += [document for document in yaml.safe_load_all(file) if document]
    return objects


class DirectoryCluster:
    """Manifests in files, one per object: <plural>/[<namespace>_]<name>.yaml.

    Writers exclude each other by a lock on the folder, as our programs do.
    """

    def __init__(self, folder):
        self.folder = folder

    def start(self):
        os.makedirs(self.folder, exist_ok=True)
        self.apply(manifests.raven_cfg())
        for box in topology.BOXES:
            self.apply({**manifests.node(box), "status": manifests.node_status(box)})

    def apply(self, manifest):
        """Creates the object, or replaces the parts that the manifest has."""
        path = self._path(manifest["kind"], manifest["metadata"]["name"],
                          manifest["metadata"].get("namespace", ""))
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(os.path.join(self.folder, ".lock"), "a", encoding="ascii") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            old = {}
            if os.path.exists(path):
                with open(path, encoding="utf-8") as file:
                    old = yaml.safe_load(file)
            temporary = path + ".new"
            with open(temporary, "w", encoding="utf-8") as file:
                yaml.safe_dump({**old, **manifest}, file, sort_keys=False)
            os.replace(temporary, path)

    def get(self, kind, name, namespace=""):
        try:
            with open(self._path(kind, name, namespace), encoding="utf-8") as file:
                return yaml.safe_load(file)
        except FileNotFoundError as error:
            raise LabError(f"no {kind} {name} in {self.folder}") from error

    def set_node_ready(self, box, ready):
        self.apply({**manifests.node(box), "status": manifests.node_status(box, ready)})

    def admin_source(self):
        return f"dir:{self.folder}"

    def source_for(self, _host, _account):
        return self.admin_source()

    def _path(self, kind, name, namespace):
        plural = kubeapi.KINDS[kind][1]
        file = f"{namespace}_{name}.yaml" if namespace else f"{name}.yaml"
        return os.path.join(self.folder, plural, file)


class ApiCluster:
    """A kube-apiserver with etcd in the management namespace (tests/lib/kube-server)."""

    def __init__(self, folder, management):
        self.folder = folder
        self._management = management
        self._api = None

    @property
    def api(self):
        if not self._api:
            pki = os.path.join(self.folder, "pki")
            self._api = kubeapi.Api(
                self._management.namespace, SERVER, os.path.join(pki, "ca.crt"),
                os.path.join(pki, "admin.crt"), os.path.join(pki, "admin.key"))
        return self._api

    def start(self):
        self.control("up", "--dir", self.folder, "--bind", topology.API_ADDRESS,
                     "--port", str(topology.API_PORT))
        for manifest in load_manifests(os.path.join(CONFIGS, "crd")):
            self.api.apply(manifest)
            name = manifest["metadata"]["name"]
            wait_for(f"CRD {name} to be established", lambda n=name: self._established(n), 30)
        self.api.apply(manifests.namespace())
        for manifest in load_manifests(os.path.join(CONFIGS, "rbac")):
            self.api.apply(manifest)
        self.api.apply(manifests.raven_cfg())
        for box in topology.BOXES:
            self.api.apply(manifests.node(box))
            self.api.patch_status("Node", box.name, manifests.node_status(box))

    def control(self, *words):
        """kill, start, pause, resume, compact, ...: see tests/lib/kube-server."""
        run_in(self._management.namespace,
               ["env", f"RAVEN_KUBE_DIR={self.folder}", KUBE_SERVER, *words])

    def _established(self, name):
        status = self.api.get("CustomResourceDefinition", name).get("status") or {}
        return any(condition["type"] == "Established" and condition["status"] == "True"
                   for condition in status.get("conditions") or [])

    def apply(self, manifest):
        self.api.apply(manifest)

    def get(self, kind, name, namespace=""):
        return self.api.get(kind, name, namespace)

    def set_node_ready(self, box, ready):
        self.api.patch_status("Node", box.name, manifests.node_status(box, ready))

    def admin_source(self):
        return f"kubeconfig:{os.path.join(self.folder, 'kubeconfig')}"

    def source_for(self, host, account):
        """A kubeconfig with a token of the service account, in the etc folder of the host."""
        token = host.write(f"{account}.token", self.api.token(account))
        config = manifests.kubeconfig(self.api.server, os.path.join(self.folder, "pki", "ca.crt"),
                                      {"tokenFile": token})
        return "kubeconfig:" + host.write(f"{account}.kubeconfig", yaml.safe_dump(config))
