namespace Weft.Linux.Files;

/// <summary>The ioctls that are passed on, with what their arguments point at. Sources: ioctl_list(2), ioctl_tty(2), netdevice(7), asm-generic/ioctls.h, linux/fs.h.</summary>
internal static class IoctlTable
{
    internal const uint TCGETS = 0x5401, TIOCGWINSZ = 0x5413, FIONREAD = 0x541b, FIONBIO = 0x5421, FIONCLEX = 0x5450, FIOCLEX = 0x5451, FIOASYNC = 0x5452, TIOCGPTPEER = 0x5441,
        FICLONE = 0x40049409, FICLONERANGE = 0x4020940d, SIOCGIFCONF = 0x8912, SIOCETHTOOL = 0x8946, FS_IOC_FIEMAP = 0xc020660b,
        FS_IOC_SETFLAGS = 0x40086602, FS_IOC_FSSETXATTR = 0x401c5820;

    private const int Termios = 36, Termios2 = 44, InterfaceRequest = 40;

    /// <summary>What a request's argument is, and its size in bytes. False for one that is not known: ENOTTY.</summary>
    internal static bool TryGet(uint request, out IoctlKind kind, out int bytes)
    {
        (kind, bytes) = Find(request);
        return bytes >= 0;
    }

    private static (IoctlKind Kind, int Bytes) Find(uint request) => request switch
    {
        TCGETS => (IoctlKind.Out, Termios),
        >= 0x5402 and <= 0x5404 => (IoctlKind.In, Termios), // TCSETS, TCSETSW, TCSETSF
        0x802c542a => (IoctlKind.Out, Termios2), // TCGETS2
        >= 0x402c542b and <= 0x402c542d => (IoctlKind.In, Termios2), // TCSETS2, TCSETSW2, TCSETSF2
        >= 0x5409 and <= 0x540b => (IoctlKind.Value, 0), // TCSBRK, TCXONC, TCFLSH
        >= 0x540c and <= 0x540e => (IoctlKind.Value, 0), // TIOCEXCL, TIOCNXCL, TIOCSCTTY
        0x540f or 0x5411 or 0x5415 or FIONREAD or 0x5424 or 0x5429 => (IoctlKind.Out, 4), // TIOCGPGRP, TIOCOUTQ, TIOCMGET, TIOCGETD, TIOCGSID
        0x5410 or 0x5416 or 0x5417 or 0x5418 or 0x5420 or 0x5423 => (IoctlKind.In, 4), // TIOCSPGRP, TIOCMBIS, TIOCMBIC, TIOCMSET, TIOCPKT, TIOCSETD
        0x5412 or 0x541c or 0x541d => (IoctlKind.Refused, 0), // TIOCSTI, TIOCLINUX, TIOCCONS
        TIOCGWINSZ => (IoctlKind.Out, 8),
        0x5414 => (IoctlKind.In, 8), // TIOCSWINSZ
        0x5422 or 0x5425 or 0x5427 or 0x5428 => (IoctlKind.Value, 0), // TIOCNOTTY, TCSBRKP, TIOCSBRK, TIOCCBRK
        0x80045430 or 0x80045438 or 0x80045439 or 0x80045440 => (IoctlKind.Out, 4), // TIOCGPTN, TIOCGPKT, TIOCGPTLCK, TIOCGEXCL
        0x40045431 or FIONBIO or FIOASYNC => (IoctlKind.In, 4), // TIOCSPTLCK
        0x5460 => (IoctlKind.Out, 8), // FIOQSIZE
        FIONCLEX or FIOCLEX or TIOCGPTPEER => (IoctlKind.Special, 0),
        _ => FindSocket(request),
    };

    private static (IoctlKind Kind, int Bytes) FindSocket(uint request) => request switch
    {
        0x8905 or 0x894b => (IoctlKind.Out, 4), // SIOCATMARK, SIOCOUTQNSD
        0x8906 or 0x8907 => (IoctlKind.Out, 16), // SIOCGSTAMP, SIOCGSTAMPNS
        SIOCGIFCONF or SIOCETHTOOL => (IoctlKind.Special, 0),
        // SIOCGIFNAME, -FLAGS, -ADDR, -DSTADDR, -BRDADDR, -NETMASK, -METRIC, -MTU, -HWADDR, -INDEX, -PFLAGS, -TXQLEN, -MAP
        0x8910 or 0x8913 or 0x8915 or 0x8917 or 0x8919 or 0x891b or 0x891d or 0x8921 or 0x8927 or 0x8933 or 0x8935 or 0x8942 or 0x8970 =>
            (IoctlKind.InOut, InterfaceRequest),
        // Their setters, routes and neighbours: the network is the host's.
        0x890b or 0x890c or 0x8911 or 0x8914 or 0x8916 or 0x8918 or 0x891a or 0x891c or 0x891e or 0x8922 or 0x8923 or 0x8924 or 0x8943 or 0x8953 or 0x8955 =>
            (IoctlKind.Refused, 0),
        0x8954 => (IoctlKind.InOut, 68), // SIOCGARP
        _ => FindFile(request),
    };

    private static (IoctlKind Kind, int Bytes) FindFile(uint request) => request switch
    {
        0x80086601 or 0x80087601 => (IoctlKind.Out, 4), // FS_IOC_GETFLAGS, FS_IOC_GETVERSION
        FS_IOC_SETFLAGS => (IoctlKind.In, 4),
        0x801c581f => (IoctlKind.Out, 28), // FS_IOC_FSGETXATTR
        FS_IOC_FSSETXATTR => (IoctlKind.In, 28),
        FICLONE or FICLONERANGE or FS_IOC_FIEMAP => (IoctlKind.Special, 0),
        0x2 => (IoctlKind.Out, 4), // FIGETBSZ
        0x1 => (IoctlKind.InOut, 4), // FIBMAP
        0xc0185879 or 0xc0045877 or 0xc0045878 => (IoctlKind.Refused, 0), // FITRIM, FIFREEZE, FITHAW
        0x80081272 or 0x1260 or 0x1263 => (IoctlKind.Out, 8), // BLKGETSIZE64, BLKGETSIZE, BLKRAGET
        // BLKROGET, BLKSSZGET, BLKIOMIN, BLKIOOPT, BLKALIGNOFF, BLKPBSZGET, BLKBSZGET
        0x125e or 0x1268 or 0x1278 or 0x1279 or 0x127a or 0x127b or 0x80081270 => (IoctlKind.Out, 4),
        0x80045200 => (IoctlKind.Out, 4), // RNDGETENTCNT
        _ => FindEvent(request),
    };

    /// <summary>EVIOC* of input devices say size and direction in the number itself, and point at nothing further.</summary>
    private static (IoctlKind Kind, int Bytes) FindEvent(uint request)
    {
        const uint event_ = 0x45, most = 4096;
        uint type = request >> 8 & 0xff, bytes = request >> 16 & 0x3fff, direction = request >> 30;
        if (type != event_ || bytes > most)
            return (IoctlKind.Value, -1);
        return (direction switch { 0 => IoctlKind.Value, 1 => IoctlKind.In, 2 => IoctlKind.Out, _ => IoctlKind.InOut }, (int)bytes);
    }
}
