"""Starts a real etcd and kube-apiserver on the management host of the lab.

They are kept processes like all others: `lab kill mgmt kube-apiserver` is a restart of the server
with the same address, certificates and data.
"""
# SPDX-License-Identifier: Apache-2.0
import os
import shutil

import yaml

from . import manifests, topology
from .host import wait_for
from .netns import LabError, run

CACHE = os.path.join(os.environ.get("RAVEN_CACHE_DIR", "/var/cache/raven-gateway"), "kube/bin")
ETCD = "http://127.0.0.1:2379"
SERVER = f"https://{topology.API_ADDRESS}:{topology.API_PORT}"
SERVICE_NETWORK = "10.96.0.0/16"
START_SECONDS = 90


def find_programs():
    """kube-apiserver and etcd, or an error that says how to get them."""
    server = os.path.join(CACHE, "kube-apiserver")
    if not os.access(server, os.X_OK):
        raise LabError(f"no {server}: run scripts/build-kube-apiserver.sh, or use a directory of "
                       "manifests (--source dir)")
    etcd = shutil.which("etcd")
    if not etcd:
        raise LabError("no etcd: run scripts/install-deps.sh")
    return server, etcd


def start(host, folder):
    """Starts both in `folder`; certificates in folder/pki, an admin.kubeconfig beside it."""
    server, etcd = find_programs()
    pki = os.path.join(folder, "pki")
    os.makedirs(pki, mode=0o700)
    make_certificates(pki)
    write_admin_kubeconfig(folder, pki)
    host.start("etcd", [etcd, "--name", "lab", "--data-dir", os.path.join(folder, "etcd"),
                        "--unsafe-no-fsync", "--logger", "zap", "--log-level", "warn",
                        "--listen-client-urls", ETCD, "--advertise-client-urls", ETCD,
                        "--listen-peer-urls", "http://127.0.0.1:2380"])
    host.start("kube-apiserver", [server, *server_arguments(pki)])


def server_arguments(pki):
    def path(name):
        return os.path.join(pki, name)
    return [f"--etcd-servers={ETCD}", f"--bind-address={topology.API_ADDRESS}",
            f"--secure-port={topology.API_PORT}", f"--advertise-address={topology.API_ADDRESS}",
            "--endpoint-reconciler-type=none", f"--service-cluster-ip-range={SERVICE_NETWORK}",
            f"--tls-cert-file={path('server.crt')}", f"--tls-private-key-file={path('server.key')}",
            f"--client-ca-file={path('ca.crt')}",
            "--service-account-issuer=https://kubernetes.default.svc",
            "--api-audiences=https://kubernetes.default.svc",
            f"--service-account-key-file={path('accounts.key')}",
            f"--service-account-signing-key-file={path('accounts.key')}",
            "--authorization-mode=RBAC", "--disable-admission-plugins=ServiceAccount",
            "--feature-gates=IPv6DualStack=true", "--profiling=false", f"--cert-dir={pki}"]


def make_certificates(pki):
    def path(name):
        return os.path.join(pki, name)
    for name in ("ca", "server", "admin", "accounts"):
        run(["openssl", "ecparam", "-name", "prime256v1", "-genkey", "-noout",
             "-out", path(f"{name}.key")])
    run(["openssl", "req", "-x509", "-new", "-key", path("ca.key"), "-sha256", "-days", "7",
         "-subj", "/CN=lab-ca", "-out", path("ca.crt"),
         "-addext", "keyUsage=critical,keyCertSign,cRLSign"])
    certify(path, "server", "/CN=kube-apiserver", "serverAuth",
            f"subjectAltName=IP:{topology.API_ADDRESS},IP:127.0.0.1,DNS:kubernetes.default.svc")
    certify(path, "admin", "/O=system:masters/CN=lab-admin", "clientAuth")


def certify(path, name, subject, usage, extension=""):
    run(["openssl", "req", "-new", "-key", path(f"{name}.key"), "-subj", subject,
         "-out", path(f"{name}.csr")])
    with open(path(f"{name}.ext"), "w", encoding="ascii") as file:
        file.write(f"basicConstraints=critical,CA:FALSE\nkeyUsage=critical,digitalSignature\n"
                   f"extendedKeyUsage={usage}\n{extension}\n")
    run(["openssl", "x509", "-req", "-in", path(f"{name}.csr"), "-CA", path("ca.crt"),
         "-CAkey", path("ca.key"), "-CAcreateserial", "-days", "7", "-sha256",
         "-extfile", path(f"{name}.ext"), "-out", path(f"{name}.crt")])


def write_admin_kubeconfig(folder, pki):
    user = {"client-certificate": os.path.join(pki, "admin.crt"),
            "client-key": os.path.join(pki, "admin.key")}
    config = manifests.kubeconfig(SERVER, os.path.join(pki, "ca.crt"), user)
    with open(os.path.join(folder, "admin.kubeconfig"), "w", encoding="utf-8") as file:
        yaml.safe_dump(config, file)


def wait_until_ready(api, host):
    try:
        wait_for("the kube-apiserver", lambda: is_ready(api), START_SECONDS, 0.2)
    except LabError as error:
        raise LabError(f"{error}; end of its log:\n{host.log_tail('kube-apiserver')}") from error


def is_ready(api):
    try:
        return api.request("GET", "/readyz") == "ok"
    except LabError:
        return False
