"""What a person writes: frozen models, strict YAML with positions, JSON Schema."""
