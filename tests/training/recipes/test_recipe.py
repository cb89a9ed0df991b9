from pathlib import Path

import pytest

from training.errors import DataError
from training.recipes.contract import FAMILIES, family_named
from training.recipes.recipe import Target, load_recipe, recipe_names
from training.recipes.request import RecipeRequest
from training.recipes.run import configuration

GOOD = """
title = "A title"
description = "A sentence."
setting = "What they do."
reported = "about 3"
family = "digits"
figure = { name = "error", label = "error", at_most = 3.0 }
[options]
hidden_size = 4
steps = 7
[tuned]
hidden_size = 5
[smoke]
steps = 2
"""


def write(folder: Path, text: str) -> Path:
    (folder / "one.toml").write_text(text)
    return folder


@pytest.mark.parametrize("name", recipe_names())
@pytest.mark.parametrize("smoke", [False, True], ids=["whole", "smoke"])
def test_every_recipe_gives_its_family_options_that_it_knows(name: str, smoke: bool) -> None:
    recipe = load_recipe(name)
    for variant in recipe.variants:
        config = configuration(recipe, variant, RecipeRequest(smoke=smoke))
        assert isinstance(config, family_named(recipe.family).OPTIONS)
        assert config.name == recipe.export_name(variant)


@pytest.mark.parametrize("name", recipe_names())
def test_every_recipe_says_what_the_notes_do_and_report(name: str) -> None:
    recipe = load_recipe(name)
    assert recipe.description.endswith(".")
    assert len(recipe.setting) > 60
    assert recipe.reported
    assert recipe.smoke


@pytest.mark.parametrize("name", sorted(FAMILIES))
def test_every_family_is_a_module_with_options_and_prepare(name: str) -> None:
    family = family_named(name)
    assert callable(family.prepare)
    assert isinstance(family.OPTIONS, type)


def test_a_setting_overrides_the_one_before_it(tmp_path: Path) -> None:
    recipe = load_recipe("one", write(tmp_path, GOOD))
    assert recipe.variants == ("notes", "tuned")
    assert recipe.options_of("notes", smoke=False) == {"hidden_size": 4, "steps": 7}
    assert recipe.options_of("tuned", smoke=False) == {"hidden_size": 5, "steps": 7}
    assert recipe.options_of("tuned", smoke=True) == {"hidden_size": 5, "steps": 2}


def test_without_a_tuned_part_there_is_one_setting(tmp_path: Path) -> None:
    text = GOOD.replace("[tuned]\nhidden_size = 5", "")
    assert load_recipe("one", write(tmp_path, text)).variants == ("notes",)


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("title =", "titel =", "unknown keys .'titel'."),
        ("figure = {", "figure_ = {", "unknown keys"),
        ('figure = { name = "error", label = "error", at_most = 3.0 }', "", "it has no .figure."),
        (", at_most = 3.0", "", "one of at_most, at_least and below"),
        ('"A title"', "A title", "is not a recipe"),
        ('title = "A title"', "", "title"),
    ],
    ids=["key", "figure name", "no figure", "no bound", "no toml", "no title"],
)
def test_a_file_that_is_no_recipe_is_refused(
    old: str, new: str, message: str, tmp_path: Path
) -> None:
    with pytest.raises(DataError, match=message):
        load_recipe("one", write(tmp_path, GOOD.replace(old, new)))


def test_an_option_that_the_family_does_not_know_is_refused(tmp_path: Path) -> None:
    recipe = load_recipe("one", write(tmp_path, GOOD.replace("hidden_size", "hiden_size")))
    with pytest.raises(DataError, match="unknown options .'hiden_size'."):
        configuration(recipe, "notes", RecipeRequest())


def test_a_recipe_or_family_that_there_is_not_is_refused() -> None:
    with pytest.raises(DataError, match="there is no recipe 'soup'.*recipe list"):
        load_recipe("soup")
    with pytest.raises(DataError, match="family must be one of"):
        family_named("soup")


def test_a_target_is_an_upper_a_strict_upper_or_a_lower_bound() -> None:
    at_most = Target(name="a", label="a", at_most=2.0)
    below = Target(name="a", label="a", below=2.0)
    at_least = Target(name="a", label="a", at_least=0.5, show="percent")
    assert [at_most.met_by(value) for value in (1.9, 2.0, 2.1)] == [True, True, False]
    assert [below.met_by(value) for value in (1.9, 2.0, 2.1)] == [True, False, False]
    assert [at_least.met_by(value) for value in (0.4, 0.5, 0.6)] == [False, True, True]
    assert not at_most.met_by(float("nan"))
    assert (at_most.bound, below.bound) == ("at most 2", "below 2")
    assert (at_least.bound, at_least.text(0.98765)) == ("at least 50.00%", "98.77%")
