"""The offline voice: pocketsphinx hears, flite or espeak-ng speaks, each in processes of its own.

This file imports nothing: the child processes pass through it and must stay small.
"""
