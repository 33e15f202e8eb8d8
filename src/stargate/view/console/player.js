// Plays 16-bit samples as they arrive, without a gap, and keeps them.
const LEAD_S = 0.15;

export class Player {
  constructor(rateHz) {
    this.rateHz = rateHz;
    this.context = new AudioContext();
    this.pieces = [];
    this.n = 0;
    this.next_s = 0;
    this.odd = new Uint8Array();
  }

  push(bytes) {
    const joined = new Uint8Array(this.odd.length + bytes.length);
    joined.set(this.odd);
    joined.set(bytes, this.odd.length);
    const even = joined.length - (joined.length % 2);
    this.odd = joined.slice(even);
    if (!even) return;
    const samples = new Int16Array(joined.buffer.slice(0, even));
    this.pieces.push(samples);
    this.n += samples.length;
    this.play(samples);
  }

  play(samples) {
    const buffer = this.context.createBuffer(1, samples.length, this.rateHz);
    buffer.copyToChannel(Float32Array.from(samples, (x) => x / 32768), 0);
    const source = new AudioBufferSourceNode(this.context, { buffer });
    source.connect(this.context.destination);
    this.next_s = Math.max(this.next_s, this.context.currentTime + LEAD_S);
    source.start(this.next_s);
    this.next_s += buffer.duration;
  }

  get seconds() { return this.n / this.rateHz; }

  stop() { if (this.context.state !== "closed") this.context.close(); }
}
