"""A world to test in: a real conda channel, a real package index and a real conda, from PyPI alone.

Run ``python -m tests.world base`` to fill the cache, or use :func:`tests.world.base.build_base`.
Nothing here imports the plugin, and nothing is built twice: see :mod:`tests.world.cache`.
"""
