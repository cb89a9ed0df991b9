"""The one file of the service that knows torch: load an export, run it, nothing else.

TorchScript is deprecated; another format would get a class with the same two methods here
(docs/decisions/0001-torchscript.md).
"""

import contextlib
from collections.abc import Iterator, Sequence
from functools import reduce
from pathlib import Path
from typing import Any

import numpy as np
import torch

from models.export_folder import MODEL_FILE
from models.manifest import FORWARD, INT8_SWITCH, Manifest, TensorSpec
from service.errors import BatchContractBroken, ExportBroken
from service.passes.compiled_run import made
from service.passes.contract import CompiledPass, Part, PassMaker
from service.rows import Array, Arrays
from service.threads import ThreadPlan

# Numbers in a constant from which on it is worth holding once.
LARGE = 4096
# What autocast computes in bfloat16; of tensors that nothing else reads, no other number is needed.
PRODUCTS = {"aten::conv2d", "aten::_convolution", "aten::linear"}
# What lays weights out in memory as a product wants them.
PACKINGS = ("onednn::qconv_prepack", "onednn::qlinear_prepack")


def apply_threads(plan: ThreadPlan) -> None:
    """Set the threads of all forward passes of this process; call it before the first one."""
    torch.set_num_threads(plan.intra_op)
    # torch allows this once in a process, and a second service may live in this one: tests do that.
    with contextlib.suppress(RuntimeError):
        torch.set_num_interop_threads(plan.inter_op)


class TorchScriptModel:
    """A loaded export, ready to answer batches; stateless, so any thread may call it.

    ``reduced`` is what it computes in, other than float32: one of ``REDUCED_DTYPES``. ``compiled``
    is what ``maker`` made of its weights: the same forward pass without torch, or None.

    Raises:
        ExportBroken: ``model.pt`` cannot be loaded, lacks a method that the manifest names, or
            has nothing that could compute in int8 when it is told to.
    """

    compiled: CompiledPass | None

    def __init__(
        self,
        folder: Path,
        manifest: Manifest,
        *,
        reduced: str | None = None,
        maker: PassMaker | None = None,
    ) -> None:
        self._bfloat16 = reduced == "bfloat16"
        self._methods = manifest.all_methods
        graph = _load(folder / MODEL_FILE, reduced)
        self.compiled = made(maker, _parts_of(graph)) if maker else None
        self._graph = _frozen(graph, folder / MODEL_FILE, list(manifest.methods), reduced)
        self._calls = {name: getattr(self._graph, name) for name in self._methods}

    def run(self, inputs: Arrays, method: str = FORWARD) -> dict[str, Array]:
        """One pass of ``method`` over batch-first arrays, by name.

        Raises:
            BatchContractBroken: the graph returns something else than its manifest says.
        """
        specs = self._methods[method]
        tensors = [torch.from_numpy(_ready(inputs[spec.name], spec)) for spec in specs.inputs]
        with torch.inference_mode():
            returned = self._pass(method, tensors)
        outputs = returned if isinstance(returned, tuple) else (returned,)
        if len(outputs) != len(specs.outputs):
            raise BatchContractBroken(
                f"{len(outputs)} outputs, the manifest says {len(specs.outputs)}"
            )
        return {
            spec.name: _plain(tensor) for spec, tensor in zip(specs.outputs, outputs, strict=True)
        }

    def _pass(self, method: str, tensors: list[torch.Tensor]) -> Any:
        if not self._bfloat16:
            return self._calls[method](*tensors)
        with torch.autocast("cpu", torch.bfloat16, cache_enabled=False):
            return self._calls[method](*tensors)


def computes_in(dtype: str) -> bool:
    """Whether the processor multiplies ``dtype`` itself, instead of emulating it at great cost.

    Without instructions of their own, sums of products of bytes may also overflow on the way.
    """
    if dtype == "int8":
        return bool(torch.cpu._is_vnni_supported())
    return bool(torch.cpu._is_avx512_bf16_supported())


def _plain(tensor: torch.Tensor) -> Array:
    array: Array = (tensor.float() if tensor.dtype == torch.bfloat16 else tensor).numpy()
    return array


def _ready(array: Array, spec: TensorSpec) -> Array:
    return np.ascontiguousarray(array, dtype=spec.dtype)


def _load(path: Path, reduced: str | None) -> Any:
    try:
        graph = torch.jit.load(str(path), map_location="cpu")  # type: ignore[no-untyped-call]
    except (RuntimeError, ValueError) as error:
        raise _broken(path, error) from error
    if reduced == "int8":
        _switch_to_int8(graph, path)
    return graph


def _parts_of(graph: Any) -> Part:
    """Look up what a graph is made of; freezing it takes that away."""

    def part(path: str) -> Any:
        found = reduce(getattr, path.split("."), graph)
        return found.detach().numpy() if isinstance(found, torch.Tensor) else found

    return part


def _frozen(graph: Any, path: Path, methods: list[str], reduced: str | None) -> Any:
    """Folding the weights into the graph takes 2 to 20 % off a pass.

    ``optimize_for_inference`` took nothing more off any of the shipped models, so it is left out.
    """
    try:
        frozen = torch.jit.freeze(graph.eval(), preserved_attrs=methods)
        graphs = [getattr(frozen, name).graph for name in (FORWARD, *methods)]
        if reduced == "bfloat16":
            _round_weights(graphs)
        if reduced == "int8":
            _pack_weights(graphs)
        _share_constants(graphs)
    except (RuntimeError, ValueError, AttributeError) as error:
        raise _broken(path, error) from error
    return frozen


def _broken(path: Path, error: Exception) -> ExportBroken:
    reason = str(error).strip().splitlines()[0] if str(error).strip() else repr(error)
    return ExportBroken(f"{path}: torch cannot load it: {reason}")


def _switch_to_int8(graph: Any, path: Path) -> None:
    """Before freezing, which then leaves the other way of computing out of the graph."""
    able = [module for module in graph.modules() if hasattr(module, INT8_SWITCH)]
    if not able:
        raise ExportBroken(f"{path}: nothing in it computes in int8, as its manifest allows")
    for module in able:
        setattr(module, INT8_SWITCH, True)


def _round_weights(graphs: Sequence[Any]) -> None:
    """Cast once, on loading, what autocast would cast at every call: weights of products."""
    for graph in graphs:
        for node, tensor in _constants(graph):
            users = {use.user.kind() for use in node.output().uses()}
            if tensor.is_floating_point() and users and users <= PRODUCTS:
                node.t_("value", tensor.to(torch.bfloat16))
                node.output().inferTypeFrom(node.t("value"))


def _pack_weights(graphs: Sequence[Any]) -> None:
    """Lay weights out once, on loading; freezing cannot hold what comes out, so it leaves it in."""
    for graph in graphs:
        for kind in PACKINGS:
            pack = getattr(torch.ops.onednn, kind.split("::")[1])
            for node in graph.findAllNodes(kind):
                packed = graph.create("prim::Constant")
                packed.t_("value", pack(*(value.toIValue() for value in node.inputs())))
                packed.insertBefore(node)
                packed.output().inferTypeFrom(packed.t("value"))
                node.output().replaceAllUsesWith(packed.output())
                node.destroy()


def _constants(graph: Any) -> Iterator[tuple[Any, torch.Tensor]]:
    for node in graph.findAllNodes("prim::Constant"):
        if node.hasAttribute("value") and node.kindOf("value") == "t":
            yield node, node.t("value")


def _share_constants(graphs: Sequence[Any]) -> None:
    """Let methods hold equal weights once: freezing gives each of them a copy of its own."""
    held: dict[tuple[Any, ...], list[torch.Tensor]] = {}
    for graph in graphs:
        for node, tensor in _constants(graph):
            if tensor.numel() < LARGE:
                continue
            alike = held.setdefault((tensor.dtype, tensor.shape, tensor.stride()), [])
            same = next((other for other in alike if torch.equal(other, tensor)), None)
            if same is None:
                alike.append(tensor)
            else:
                node.t_("value", same)
