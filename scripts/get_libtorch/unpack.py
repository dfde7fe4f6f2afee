"""Takes from a torch wheel what is needed to compile against libtorch and to run with it."""

import ctypes
import platform
import re
import shutil
import zipfile

from common import Failure, require_space

# What is there for Python, for torch's own tests, or for a GPU. The GPU's libraries are useless
# without several gigabytes of other wheels; who wants them has them in a Python environment.
DROPPED = re.compile(
    r"lib(torch_python|torch_global_deps|shm|torchbind_test|jitbackend_test|backend_with_compiler"
    r"|aoti_custom_ops|torch_cuda|torch_nvshmem|c10_cuda|caffe2_nvrtc)"
)


def target(name):
    """Where a member of the wheel goes, or None if it is not needed."""
    package, _, path = name.partition("/")
    if package != "torch" or name.endswith("/") or ".." in path.split("/"):
        return None
    if path.startswith("include/"):
        return path
    library = re.fullmatch(r"lib/([^/]+\.so[.0-9]*)", path)
    return path if library and not DROPPED.match(library[1]) else None


def unpack(wheel, version, folder):
    """Unpacks a torch wheel and returns what its torch/version.py says of the build."""
    system = wheel.stem.split("-")[-1]
    if "linux" not in system or not system.endswith(platform.machine()):
        raise Failure(f"{wheel.name} is not for {platform.machine()} Linux: give one that is")
    with zipfile.ZipFile(wheel) as archive:
        source = archive.read("torch/version.py").decode()
        facts = dict(re.findall(r"^(__version__|cuda)\b[^=\n]*= *'([^']*)'", source, re.MULTILINE))
        found = facts.setdefault("__version__", "of no version")
        if found.split("+")[0] != version.split("+")[0]:
            raise Failure(f"{wheel.name} holds torch {found}, not {version}: give another one")
        members = [item for item in archive.infolist() if target(item.filename)]
        # A tenth more: files take whole blocks of the disk.
        size = sum(item.file_size for item in members) * 11 // 10
        require_space(size, folder, "unpacking libtorch")
        for item in members:
            write(archive, item, folder / target(item.filename))
    return facts


def write(archive, item, path):
    """Writes one member of a wheel; reading it to its end checks its check sum."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with archive.open(item) as source, open(path, "wb") as file:
        shutil.copyfileobj(source, file, 1 << 20)


def complete_cuda_build(cuda, pip, folder):
    """Makes the CPU's part of a CUDA build usable: it needs two small libraries of CUDA's own."""
    major, minor = cuda.split(".")[:2]
    suffix = "" if int(major) >= 13 else f"-cu{major}"
    names = [f"nvidia-cuda-{library}{suffix}" for library in ("runtime", "cupti")]
    if not pip.download(*(f"{name}=={major}.{minor}.*" for name in names)):
        raise Failure(
            f"this torch is built for CUDA, and pip could not download {' and '.join(names)}, which"
            " it needs: cure that, or give a wheel for the CPU by --wheel FILE"
        )
    for wheel in pip.folder.glob("nvidia_cuda_*.whl"):
        with zipfile.ZipFile(wheel) as archive:
            for item in archive.infolist():
                if re.search(r"/lib(cudart|cupti)\.so\.\d+$", item.filename):
                    write(archive, item, folder / "lib" / item.filename.rpartition("/")[2])
    # libtorch.so holds no code, but asks for the GPU's libraries: a linker script takes its place.
    (folder / "lib/libtorch.so").write_text("INPUT(-ltorch_cpu)\n")


def check(folder):
    """Checks that what was unpacked can be compiled against, and that it loads."""
    for path in ("include/ATen/ATen.h", "lib/libtorch_cpu.so", "lib/libc10.so"):
        if not (folder / path).is_file():
            raise Failure(f"this torch wheel has no torch/{path}: give a complete one")
    try:
        ctypes.CDLL(str(folder / "lib/libtorch_cpu.so"))
    except OSError as error:
        raise Failure(f"libtorch does not load here ({error}): choose another wheel") from error
