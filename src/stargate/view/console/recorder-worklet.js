// Hands what the microphone hears over to the page, a tenth of a second at a time.
class Tap extends AudioWorkletProcessor {
  constructor() {
    super();
    this.kept = [];
    this.n = 0;
  }

  process([input]) {
    const heard = input[0];
    if (!heard) return true;
    this.kept.push(heard.slice());
    this.n += heard.length;
    if (this.n >= sampleRate / 10) {
      const whole = new Float32Array(this.n);
      let at = 0;
      for (const piece of this.kept) { whole.set(piece, at); at += piece.length; }
      this.port.postMessage(whole, [whole.buffer]);
      this.kept = [];
      this.n = 0;
    }
    return true;
  }
}
registerProcessor("tap", Tap);
