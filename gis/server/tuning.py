"""The configuration of the private cluster, sized to the machine."""

import os
from pathlib import Path

from gis.server.installation import Account

_MIB = 1024 * 1024


def memory_mib() -> int:
    """The memory this machine, or the container we are in, may use, in MiB."""
    physical = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    for limit in (
        "/sys/fs/cgroup/memory.max",
        "/sys/fs/cgroup/memory/memory.limit_in_bytes",
    ):
        try:
            physical = min(physical, int(Path(limit).read_text()))
        except (OSError, ValueError):
            continue  # not in this kind of control group, or "max"
    return physical // _MIB


def configuration(
    memory: int, *, cores: int, sockets: Path, durable: bool
) -> dict[str, str | int | float]:
    """Choose the settings.

    A web server, a worker and a person's own programs share the machine, so the server takes an
    eighth of the memory for itself and counts on the system's cache for the rest.

    Args:
        memory: What the machine has, in MiB.
        cores: Processors.
        sockets: The folder of the server's socket.
        durable: False gives up safety against crashes for speed (tests).
    """
    settings: dict[str, str | int | float] = {
        "listen_addresses": "",
        "port": 5432,
        "unix_socket_directories": f'"{sockets}"',
        "max_connections": 100,
        "max_locks_per_transaction": 256,  # tables partitioned by month take a lock each
        "shared_buffers": f"{_between(64, memory // 8, 2048)}MB",
        "effective_cache_size": f"{max(128, memory // 2)}MB",
        "work_mem": f"{_between(4, memory // 512, 64)}MB",
        "maintenance_work_mem": f"{_between(32, memory // 32, 1024)}MB",
        "max_wal_size": f"{_between(256, memory // 8, 2048)}MB",
        "min_wal_size": "80MB",
        "wal_compression": "on",
        "checkpoint_timeout": "15min",
        "random_page_cost": 1.1,  # solid-state disks
        "max_parallel_workers": cores,
        "max_parallel_workers_per_gather": min(2, max(0, cores - 1)),
        "jit": "off",  # compiling costs more than our short spatial queries take
        "timezone": "UTC",
        "log_timezone": "UTC",
        "lc_messages": "C",
        "logging_collector": "on",
        "log_filename": "postgresql-%a.log",  # a week, then overwritten
        "log_rotation_age": "1d",
        "log_truncate_on_rotation": "on",
        "log_line_prefix": "%m [%p] %q%a ",
        "log_min_duration_statement": "5s",
    }
    if not durable:
        settings |= {
            "fsync": "off",
            "synchronous_commit": "off",
            "full_page_writes": "off",
        }
        settings |= {"shared_buffers": "512MB", "max_wal_size": "4GB", "max_connections": 200}
    return settings


def write_configuration(path: Path, sockets: Path, account: Account, *, durable: bool) -> None:
    """Write the included configuration file for this machine and give it to `account`."""
    settings = configuration(
        memory_mib(), cores=os.cpu_count() or 1, sockets=sockets, durable=durable
    )
    lines = ["# Rewritten at each start: use ALTER SYSTEM for settings of your own."]
    for name, value in settings.items():
        quoted = str(value).replace("'", "''")
        lines.append(f"{name} = '{quoted}'")
    path.unlink(missing_ok=True)
    path.write_text("\n".join(lines) + "\n")
    account.own(path)


def _between(least: int, wanted: int, most: int) -> int:
    return max(least, min(wanted, most))
