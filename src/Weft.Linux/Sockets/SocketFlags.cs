namespace Weft.Linux.Sockets;

/// <summary>Numbers of the socket calls. Source: linux/socket.h, asm-generic/socket.h.</summary>
internal static class SocketFlags
{
    internal const int FamilyUnix = 1, FamilyInternet = 2, FamilyInternet6 = 10, FamilyNetlink = 16, FamilyPacket = 17, FamilyCrypto = 38;
    internal const int TypeMask = 0xf, Stream = 1, NonBlocking = 0x800, CloseOnExec = 0x80000;

    internal const uint DontWait = 0x40, NoSignal = 0x4000, ControlTruncated = 8, Truncate = 0x20, WaitForOne = 0x10000, CloseReceivedOnExec = 0x40000000,
        Compatible = 0x80000000;

    internal const int LevelSocket = 1, OptionType = 3, OptionReceiveTimeout = 20, OptionSendTimeout = 21;
}
