"""What other systems are told of, each at its own address, signed: see docs/chat.md."""
