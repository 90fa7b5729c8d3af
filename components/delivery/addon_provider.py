"""The add-on provider, where it is a process of the embedded plane."""

from __future__ import annotations

from pathlib import Path

from components.infrastructure.controller import Controller
from components.infrastructure.interface import Provider

ADDON_PROVIDER = Provider(
    "helm",
    "caaph-system",
    "v1beta1",
    controller=Controller(
        "sigs.k8s.io/cluster-api-addon-provider-helm",
        Path(__file__).parent / "go",
        # Certificate authorities of chart repositories.
        environment=("SSL_CERT_",),
    ),
)
"""Installs charts in clusters by HelmChartProxies. On other management clusters it is a pod."""
