using System.Buffers.Binary;
using Weft.Native;

namespace Weft.Linux.Sockets;

/// <summary>How waiting socket calls end.</summary>
internal static class SocketWaits
{
    // The attendant serves all threads: a long copy would hold the others up.
    private const ulong MostAttendedBytes = 64 << 10;

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

    /// <summary>
    /// One of the host's four calls that move data. On the attendant's thread it does what can be done at once and
    /// declines the rest: what would wait, what is long, and what raises SIGPIPE.
    /// </summary>
    /// <param name="thread">The caller.</param>
    /// <param name="host">The socket.</param>
    /// <param name="call">sendto or recvfrom with all arguments; sendmsg or recvmsg with the header's address alone.</param>
    /// <param name="data">Buffer or header.</param>
    /// <param name="count">Bytes of a buffer.</param>
    /// <param name="flags">MSG_*, for the host.</param>
    /// <param name="name">Address of a name, or 0.</param>
    /// <param name="nameLength">Its length, or where that is.</param>
    /// <param name="bytes">How much is moved at most.</param>
    internal static SyscallResult Transfer(GuestThread thread, int host, SystemCall call, long data, long count, uint flags, long name, long nameLength, ulong bytes)
    {
        const uint waitForAll = 0x100;
        bool isMessage = call is SystemCall.Sendmsg or SystemCall.Recvmsg, receives = call is SystemCall.Recvfrom or SystemCall.Recvmsg;
        if (!thread.IsAttended)
            return isMessage ? thread.Block(call, host, data, flags) : thread.Block(call, host, data, count, flags, name, nameLength);
        bool neverWaits = (flags & SocketFlags.DontWait) != 0 || IsNonBlocking(host);
        // A stream that must not wait may take a part only, which a program that waits does not expect.
        if (bytes > MostAttendedBytes || (!neverWaits && (!receives || (flags & waitForAll) != 0)))
            return SyscallResult.Declined;
        uint now = flags | SocketFlags.DontWait;
        SyscallResult result = isMessage
            ? HostStubs.CallQuick(call, host, data, now) : HostStubs.CallQuick(call, host, data, count, now, name, nameLength);
        return result.Error == Errno.EPIPE || (result.Error == Errno.EAGAIN && !neverWaits) ? SyscallResult.Declined : result;
    }

    private static bool IsNonBlocking(int host)
    {
        const int getFlags = 3;
        return (HostStubs.CallQuick(SystemCall.Fcntl, host, getFlags) & SocketFlags.NonBlocking) != 0;
    }

    private static bool IsStream(GuestThread thread, int host) =>
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
