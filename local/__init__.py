"""The local stack: the whole service on one machine, deployed into an AWS emulator on loopback."""
