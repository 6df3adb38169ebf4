"""The engines that decide whether expressions agree."""
