"""The process of the AWS emulator: ministack, with a guard in front of it."""
