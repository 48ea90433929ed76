//! Chance from a seed, so that a failure can be repeated.

/// A generator of numbers that look random (xorshift64*); the same seed gives the same numbers.
pub struct Chance(u64);

impl Chance {
    /// Begins at a seed. An even seed gives what the odd one after it gives: the generator must not begin at nought.
    pub const fn new(seed: u64) -> Self {
        Self(seed | 1)
    }

    /// A number from nought up to and without `end`.
    pub const fn below(&mut self, end: u64) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        (self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 33) % end
    }
}
