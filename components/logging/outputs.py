"""Outputs of Fluent Bit for Loki, VictoriaLogs and buckets."""

from __future__ import annotations

from components.logging.settings import Archive

Properties = dict[str, str]
"""A section of a configuration of Fluent Bit, by its keys."""

STATE = "/var/lib/fluent-bit"
"""The persistent state of a collector: positions in files, and unsent lines."""
LABELS = ("cluster", "node", "namespace", "pod", "container", "tenant", "source", "class")
"""The labels of a log stream."""
_METADATA = ("stream", "unit", "priority", "dropped")
LOKI: Properties = {
    "name": "loki",
    "label_keys": ",".join(f"${each}" for each in LABELS),
    "structured_metadata": ",".join(f"{each}=${each}" for each in _METADATA),
    "remove_keys": ",".join((*LABELS, *_METADATA)),
    "drop_single_key": "raw",
    "line_format": "json",
    "compress": "gzip",
}
"""The line is the text alone; what is neither a label nor the text stands beside it."""


def victoria_logs(host: str, port: int) -> Properties:
    """Records as VictoriaLogs takes them: all that they hold can be searched."""
    streams = ",".join(LABELS)
    return {
        "name": "http",
        "host": host,
        "port": str(port),
        "uri": f"/insert/jsonline?_stream_fields={streams}&_msg_field=log&_time_field=time",
        "format": "json_lines",
        "json_date_key": "time",
        "json_date_format": "iso8601",
        "compress": "gzip",
        "log_response_payload": "Off",
    }


def s3(archive: Archive, name: str) -> Properties:
    """Compressed files in a bucket, in folders by class, source, cluster and day."""
    folder = f"/{archive.prefix}/$TAG[1]/$TAG[2]/${{CLUSTER_NAME}}/%Y/%m/%d"
    endpoint = {"endpoint": archive.endpoint} if archive.endpoint else {}
    return {
        "name": "s3",
        "bucket": archive.bucket,
        "region": archive.region,
        **endpoint,
        "s3_key_format": f"{folder}/${{NODE_NAME}}-%H%M%S-$UUID.gz",
        "static_file_path": "On",
        "compression": "gzip",
        "content_type": "application/gzip",
        "use_put_object": "On",
        "total_file_size": f"{archive.file_mib}M",
        "upload_timeout": f"{archive.upload_minutes}m",
        "store_dir": f"{STATE}/s3-{name}",
        "retry_exhausted_action": "delete",
        "json_date_key": "time",
        "json_date_format": "iso8601",
    }
