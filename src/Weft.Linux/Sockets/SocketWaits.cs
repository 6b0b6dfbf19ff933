using System.Buffers.Binary;
using Weft.Native;

namespace Weft.Linux.Sockets;

/// <summary>How waiting socket calls end.</summary>
internal static class SocketWaits
{
    /// <summary>An interrupted call on a socket with a timeout is not done again: signal(7).</summary>
    internal static SyscallResult Finish(SyscallResult result, GuestThread thread, int host, int timeoutOption) =>
        result.IsRestart && HasTimeout(thread, host, timeoutOption) ? Errno.EINTR : result;

    /// <summary>
    /// Ends a call that sends. The host is always asked for no SIGPIPE, which would be the VMM's: the program gets
    /// its own where Linux sends one, from streams.
    /// </summary>
    internal static SyscallResult FinishSend(SyscallResult result, GuestThread thread, int host, uint flags)
    {
        if (result.Error == Errno.EPIPE && (flags & SocketFlags.NoSignal) == 0 && IsStream(thread, host))
            thread.Signals.SendBrokenPipe();
        return Finish(result, thread, host, SocketFlags.OptionSendTimeout);
    }

    internal static bool IsStream(GuestThread thread, int host) =>
        GetOption(thread, host, SocketFlags.OptionType, sizeof(int)) is [var type, ..] && type == SocketFlags.Stream;

    private static bool HasTimeout(GuestThread thread, int host, int option)
    {
        const int timevalBytes = 16;
        return GetOption(thread, host, option, timevalBytes).IndexOfAnyExcept((byte)0) >= 0;
    }

    private static ReadOnlySpan<byte> GetOption(GuestThread thread, int host, int option, int bytes)
    {
        Span<byte> scratch = thread.Scratch.Span[SocketScratch.Small..];
        BinaryPrimitives.WriteInt32LittleEndian(scratch, bytes);
        long address = (long)thread.Scratch.Address.Value + SocketScratch.Small;
        long result = HostStubs.CallQuick(SystemCall.Getsockopt, host, SocketFlags.LevelSocket, option, address + 8, address);
        return result < 0 ? [] : scratch.Slice(8, bytes);
    }
}
