"""What this machine is and has, and what its processes have used."""

import os
import platform
import re
import shutil
import subprocess

TICKS_PER_SECOND = os.sysconf("SC_CLK_TCK")


class Failure(Exception):
    """Something that ends the whole run; the text is for people."""


def program(name):
    """Where a program is. Debian keeps servers where an ordinary user's PATH does not look."""
    found = shutil.which(name, path=os.environ.get("PATH", "") + ":/usr/sbin:/sbin")
    if not found:
        raise Failure(f"no '{name}' on PATH; type: scripts/deps.sh bench")
    return found


def _stat_fields(pid):
    """The fields of /proc/PID/stat after the program's name: state, parent, ... (proc(5) counts them from 3)."""
    with open(f"/proc/{pid}/stat") as file:
        return file.read().rsplit(")", 1)[1].split()


def cpu_seconds(pids):
    """User and system time of the processes."""
    ticks = 0
    for pid in pids:
        try:
            fields = _stat_fields(pid)
        except (FileNotFoundError, ProcessLookupError):
            raise Failure(f"a process that was measured has ended: {pid}") from None
        ticks += int(fields[11]) + int(fields[12])
    return ticks / TICKS_PER_SECOND


def resident_mib(pids):
    """Resident memory of the processes; pages that they share count for each."""
    kib = 0
    for pid in pids:
        with open(f"/proc/{pid}/status") as file:
            kib += int(re.search(r"VmRSS:\s+(\d+) kB", file.read())[1])
    return kib / 1024


def parent(pid):
    """The pid of a process's parent."""
    return int(_stat_fields(pid)[1])


def children(pid):
    """The pids of a process's children."""
    found = []
    for name in os.listdir("/proc"):
        if name.isdigit():
            try:
                if parent(name) == pid:
                    found.append(int(name))
            except (FileNotFoundError, ProcessLookupError):
                pass  # It ended while we looked.
    return found


def machine_seconds():
    """(busy, stolen) seconds of all cores since the start; stolen is what the hypervisor gave to others."""
    with open("/proc/stat") as file:
        user, nice, system, _idle, _iowait, irq, softirq, steal = map(int, file.readline().split()[1:9])
    return (user + nice + system + irq + softirq) / TICKS_PER_SECOND, steal / TICKS_PER_SECOND


def _first_match(pattern, path):
    with open(path) as file:
        match = re.search(pattern, file.read())
    return match[1].strip() if match else "unknown"


def _says(pattern, name, *arguments):
    """What a program says of its version, wherever it says it."""
    done = subprocess.run([program(name), *arguments], capture_output=True, text=True, timeout=60)
    match = re.search(pattern, done.stdout + done.stderr)
    return match[1] if match else "unknown"


def redis_programs(folder):
    """(Label, file) of the Redis on PATH and of every server program below a folder; labels such as Redis 8.2.3."""
    files = [program("redis-server")]
    for place, _, names in sorted(os.walk(folder)):
        files += [os.path.join(place, name) for name in names if name in ("redis-server", "valkey-server")]
    found = {}
    for file in files:
        if not os.access(file, os.X_OK):
            os.chmod(file, 0o755)  # Packages do not always say that it is a program.
        said = subprocess.run([file, "--version"], capture_output=True, text=True, check=False).stdout
        version = re.search(r"v=([\d.]+)", said)
        if version:
            found.setdefault(f"{'Valkey' if said.startswith('Valkey') else 'Redis'} {version[1]}", file)
    return list(found.items())


def facts(repository):
    """Everything that a reader needs to judge the numbers, by name."""
    commit = _says(r"(\w+)", "git", "-C", repository, "rev-parse", "--short=12", "HEAD")
    # The page is what this program writes, so it says nothing about what was measured.
    changed = subprocess.run(
        ["git", "-C", repository, "status", "--porcelain", "--", ".", ":!docs/BENCHMARKS.md"],
        capture_output=True, text=True, timeout=60).stdout.strip()
    total_kib = int(_first_match(r"MemTotal:\s+(\d+)", "/proc/meminfo"))
    return {
        "commit": commit + (" with changes" if changed else ""),
        "cores": os.cpu_count(),
        "cpu": _first_match(r"model name\s*:\s*(.*)", "/proc/cpuinfo"),
        "virtual": "hypervisor" in _first_match(r"flags\s*:\s*(.*)", "/proc/cpuinfo"),
        "memory": f"{total_kib / 1024 / 1024:.0f} GiB",
        "kernel": platform.release(),
        "system": _first_match(r'PRETTY_NAME="(.*)"', "/etc/os-release"),
        "swift": _says(r"Swift version ([\d.]+)", "swift", "--version"),
        "redis": _says(r"v=([\d.]+)", "redis-server", "--version"),
        "nginx": _says(r"nginx/([\d.]+)", "nginx", "-v"),
        "haproxy": _says(r"version ([\d.]+)", "haproxy", "-v"),
        "wrk": _says(r"wrk \S*?([\d.]+)", "wrk", "-v"),
    }
