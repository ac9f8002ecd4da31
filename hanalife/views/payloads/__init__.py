"""The one contract between Python and TypeScript: what a view is given, as JSON.

Only type declarations. ``hanalife.views.typescript`` turns them into
``js/src/contract/types.gen.ts``; a change that breaks old readers raises :data:`CONTRACT`.

Instants are RFC 3339 text in UTC ending in ``Z``; durations are seconds and named so; ids and
64-bit integers are text; a number that is not finite is one of three words; status words are
those of :mod:`hanalife.records`. Optional fields are null, never left out.
"""
