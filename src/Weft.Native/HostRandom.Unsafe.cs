namespace Weft.Native;

/// <summary>Random bytes from the host's kernel: .NET's own would load OpenSSL, which takes 3 ms of a VM's start.</summary>
/// <remarks>Thread-safe. Source: getrandom(2).</remarks>
public static unsafe class HostRandom
{
    /// <summary>Fills a buffer with bytes that nobody can guess.</summary>
    /// <exception cref="InvalidOperationException">The host's kernel gives none.</exception>
    public static void Fill(Span<byte> destination)
    {
        while (destination.Length > 0)
        {
            long result;
            // SAFETY: the span is pinned for the call and bounds what the kernel writes.
            fixed (byte* pointer = destination)
                result = HostStubs.Call(SystemCall.Getrandom, (long)pointer, destination.Length, 0);
            if (result <= 0 && result != -(long)Errno.EINTR)
                throw new InvalidOperationException($"The host gives no random bytes ({(Errno)(-result)}); allow getrandom(2).");
            destination = destination[(int)Math.Max(0, result)..];
        }
    }

    /// <summary>A random 64-bit number.</summary>
    public static ulong NextWord()
    {
        Span<byte> bytes = stackalloc byte[sizeof(ulong)];
        Fill(bytes);
        return BitConverter.ToUInt64(bytes);
    }
}
