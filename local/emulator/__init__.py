"""The emulator's process: ministack behind a guard, its streams delivered as Lambda does."""
