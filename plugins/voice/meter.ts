/**
 * How much sound a vendor was given to hear. It counts from when it is sent, as that is what the vendor charges for, whatever then becomes
 * of the request.
 */
export class HearingMeter {
  #seconds = 0

  /** So many seconds are sent. The function that it gives is told, once, how many they were: 0 where the vendor refused or failed. */
  begin(seconds: number): (heard: number) => void {
    this.#seconds += seconds
    return (heard) => {
      this.#seconds += heard - seconds
    }
  }

  /** All together, until now. */
  get seconds(): number {
    return this.#seconds
  }
}
