"""What the marker says to a person whom pip turns away, in seven languages.

pip prints the text below "This environment is externally managed", without indentation; uv drops
empty lines as well, and what follows a ``#`` or ``;``: so every line must stand by itself.
"""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, kw_only=True, slots=True)
class _Words:
    """One language; ``{env}`` stands for the environment's name or path."""

    env: str
    base: str
    conda: str
    both: str
    fresh: str
    risk: str


_LANGUAGES: Mapping[str, _Words] = {
    "": _Words(
        env="conda manages this environment ({env}). Plain pip could break what is in it.",
        base="This is conda's own environment ({env}). Plain pip could break conda itself.",
        conda="Install with conda:",
        both="Not there? Let conda and pip share the work:",
        fresh="Use an environment of your own:",
        risk="To go on at your own risk: pip install --break-system-packages PACKAGE",
    ),
    "de": _Words(
        env="conda verwaltet diese Umgebung ({env}). pip allein könnte sie beschädigen.",
        base="Dies ist condas eigene Umgebung ({env}). pip allein könnte conda beschädigen.",
        conda="Mit conda installieren:",
        both="Dort nicht vorhanden? conda und pip gemeinsam:",
        fresh="Eine eigene Umgebung verwenden:",
        risk="Weiter auf eigene Gefahr: pip install --break-system-packages PACKAGE",
    ),
    "es": _Words(
        env="conda gestiona este entorno ({env}). pip por sí solo podría dañarlo.",
        base="Este es el entorno del propio conda ({env}). pip por sí solo podría dañar conda.",
        conda="Instalar con conda:",
        both="¿No está? conda y pip juntos:",
        fresh="Usar un entorno propio:",
        risk="Continuar bajo su propio riesgo: pip install --break-system-packages PACKAGE",
    ),
    "fr": _Words(
        env="conda gère cet environnement ({env}). pip seul pourrait l'endommager.",
        base="C'est l'environnement de conda lui-même ({env}). pip seul pourrait endommager conda.",
        conda="Installer avec conda :",
        both="Introuvable ? conda et pip ensemble :",
        fresh="Utiliser un environnement à soi :",
        risk="Continuer à vos risques : pip install --break-system-packages PACKAGE",
    ),
    "ja": _Words(
        env="この環境 ({env}) は conda が管理しています。pip だけを使うと壊れるおそれがあります。",
        base="これは conda 自身の環境 ({env}) です。pip だけを使うと conda が壊れかねません。",
        conda="conda でインストール:",
        both="conda にない場合は conda と pip を併用:",
        fresh="自分用の環境を使う:",
        risk="自己責任で続ける: pip install --break-system-packages PACKAGE",
    ),
    "pt_BR": _Words(
        env="O conda gerencia este ambiente ({env}). O pip sozinho pode danificá-lo.",
        base="Este é o ambiente do próprio conda ({env}). O pip sozinho pode danificar o conda.",
        conda="Instalar com o conda:",
        both="Não existe lá? conda e pip juntos:",
        fresh="Usar um ambiente próprio:",
        risk="Continuar por sua conta e risco: pip install --break-system-packages PACKAGE",
    ),
    "zh_CN": _Words(
        env="此环境 ({env}) 由 conda 管理。单独使用 pip 可能会损坏它。",
        base="这是 conda 自身的环境 ({env})。单独使用 pip 可能会损坏 conda。",
        conda="使用 conda 安装:",
        both="conda 中没有? 让 conda 与 pip 协同安装:",
        fresh="使用您自己的环境:",
        risk="自行承担风险并继续: pip install --break-system-packages PACKAGE",
    ),
}


def build_messages(
    *, env_name: str | None, prefix: Path, is_base: bool, message: str | None
) -> Mapping[str, str]:
    """Return the message by language; ``""`` is the default. ``message`` is the admin's, as given.

    For an ordinary environment conda comes first; for base, an environment of one's own does, and
    what is to be installed goes there.
    """
    target = f"-n {_quote(env_name)}" if env_name else f"-p {_quote(str(prefix))}"
    target = "-n NEW" if is_base else target
    shown = _flatten(env_name or str(prefix))
    added = _clean_message(message)
    texts: dict[str, str] = {}
    for language, words in _LANGUAGES.items():
        conda = f"{words.conda} conda install {target} PACKAGE"
        both = f"{words.both} conda pip install {target} PACKAGE"
        fresh = f"{words.fresh} conda create -n NEW python"
        advice = [fresh, conda, both] if is_base else [conda, both, fresh]
        opening = (words.base if is_base else words.env).format(env=shown)
        texts[language] = "\n".join((opening, "", *advice, "", words.risk, *added))
    return texts


def _quote(text: str) -> str:
    flat = _flatten(text)
    return f'"{flat}"' if "\\" in flat and '"' not in flat else shlex.quote(flat)


def _flatten(text: str) -> str:
    """Keep a name on its line: an odd path must not end the value."""
    return "".join(char if char.isprintable() else "?" for char in text)


def _clean_message(message: str | None) -> tuple[str, ...]:
    """Split the admin's text into lines that an INI reader keeps: none looks like a comment."""
    lines = [_flatten(line.strip()) for line in (message or "").strip().splitlines()]
    kept = tuple(f"- {line}" if line.startswith(("#", ";")) else line for line in lines)
    return ("", *kept) if kept else ()
