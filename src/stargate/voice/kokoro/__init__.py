"""The engine `kokoro-tuned`: Kokoro-82M, its styles, and the tuning of a style to one person.

`synthesis` runs the quantised network in onnxruntime; `graph`, `operators` and `differentiable`
rebuild the same network in torch so that a loss on the sound can be followed back to the style.
"""
