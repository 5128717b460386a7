/// FNV-1a, 64 bits (<http://www.isthe.com/chongo/tech/comp/fnv/>): tells accidents apart, not forgers.
pub(crate) fn fnv(bytes: impl IntoIterator<Item = u8>) -> u64 {
    bytes.into_iter().fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    })
}
