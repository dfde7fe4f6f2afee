"""The training runs that the fixtures record, and how each is described in its file."""

from dataclasses import dataclass

import torch

from manifold_mixup_reference import LOSSES, MLP

ALPHA = 2.0
SGD = {"learning_rate": 0.1, "momentum": 0.9, "weight_decay": 1e-4, "nesterov": True}
ADAM = {"learning_rate": 1e-3, "beta1": 0.9, "beta2": 0.999, "epsilon": 1e-8, "weight_decay": 0.0}


@dataclass(frozen=True)
class Case:
    """One training run; `variant` is "none" for the method as the paper trains it."""

    layer: int
    loss: str
    batch: int
    steps: int
    variant: str = "none"

    @property
    def name(self) -> str:
        if self.variant != "none":
            return f"variant-{self.variant}"
        return f"layer{self.layer}-{self.loss}-batch{self.batch}"

    @property
    def uses_adam(self) -> bool:
        return self.variant == "adam"

    @property
    def blocks_gradients(self) -> bool:
        return self.variant == "blocked-gradients"

    def trains(self, name: str) -> bool:
        """Whether a parameter has a gradient; fc1 lies before boundary 1, and so on."""
        return not self.blocks_gradients or int(name[len("fc")]) > self.layer

    def optimizer(self, model: MLP) -> torch.optim.Optimizer:
        if self.uses_adam:
            return torch.optim.Adam(
                model.parameters(),
                lr=ADAM["learning_rate"],
                betas=(ADAM["beta1"], ADAM["beta2"]),
                eps=ADAM["epsilon"],
                weight_decay=ADAM["weight_decay"],
            )
        return torch.optim.SGD(
            model.parameters(),
            lr=SGD["learning_rate"],
            momentum=SGD["momentum"],
            weight_decay=SGD["weight_decay"],
            nesterov=SGD["nesterov"],
        )

    def description(self, seed: int) -> dict[str, str]:
        """The file's metadata."""
        fields = {"layer": self.layer, "loss": self.loss, "batch": self.batch, "steps": self.steps}
        fields |= {"variant": self.variant, "alpha": ALPHA, "seed": seed}
        fields |= {"optimizer": "adam", **ADAM} if self.uses_adam else {"optimizer": "sgd", **SGD}
        fields["torch_version"] = torch.__version__
        return {
            key: str(value).lower() if isinstance(value, bool) else str(value)
            for key, value in fields.items()
        }


def all_cases(steps: int) -> list[Case]:
    """Every layer, loss and batch size, then one case for each variant of the method."""
    cases = [
        Case(layer, loss, batch, steps)
        for layer in (0, 1, 2)
        for loss in LOSSES
        for batch in (8, 7, 1)
    ]
    variants = ("per-sample-lambda", "two-minibatches", "folded-lambda", "adam")
    variants += ("blocked-gradients",)
    return cases + [Case(1, "soft-cross-entropy", 7, 20, variant) for variant in variants]
