using System.Buffers.Binary;
using System.Text;
using Weft.Native;

namespace Weft.Linux.Files;

/// <summary>The descriptors that the VMM was started with: the program gets them under the same numbers.</summary>
public static class InheritedFiles
{
    private const int BufferBytes = 16 << 10, HeaderBytes = 19;

    /// <summary>
    /// Puts every descriptor that was inherited into the table. What the runtime opened itself is close-on-exec, what is
    /// inherited can't be. To be called once, before the VMM opens anything that is not close-on-exec. With narrowed
    /// files, directories that the program doesn't see are left out.
    /// </summary>
    public static void Adopt(FileTable files, PathResolver paths)
    {
        using NativeBuffer buffer = new(BufferBytes);
        long directory = HostStubs.Call(SystemCall.Openat, OpenFlags.CurrentDirectory, PathScratch.Put(buffer, 0, "/proc/self/fd"),
            OpenFlags.Directory | OpenFlags.CloseOnExec);
        if (directory < 0)
        {
            for (int descriptor = 0; descriptor <= 2; descriptor++)
                AdoptOne(files, paths, descriptor);
            return;
        }
        List<int> found = [];
        for (long length; (length = HostStubs.Call(SystemCall.Getdents64, directory, (long)buffer.Address.Value, BufferBytes)) > 0;)
            Collect(buffer.Span[..(int)length], found);
        HostFile.Close((int)directory);
        foreach (int descriptor in found)
            AdoptOne(files, paths, descriptor);
    }

    private static void Collect(ReadOnlySpan<byte> entries, List<int> found)
    {
        while (entries.Length > HeaderBytes)
        {
            int length = BinaryPrimitives.ReadUInt16LittleEndian(entries[16..]);
            ReadOnlySpan<byte> name = entries[HeaderBytes..length];
            if (int.TryParse(Encoding.ASCII.GetString(name[..name.IndexOf((byte)0)]), out int descriptor))
                found.Add(descriptor);
            entries = entries[length..];
        }
    }

    private static void AdoptOne(FileTable files, PathResolver paths, int descriptor)
    {
        using NativeBuffer scratch = new(64 << 10);
        const int getFlags = 1, closeOnExec = 1;
        long flags = HostStubs.Call(SystemCall.Fcntl, descriptor, getFlags);
        if (flags >= 0 && (flags & closeOnExec) == 0 && descriptor < files.Limit && paths.Admits(scratch, descriptor, out Mount? mount))
            files.InstallAt(descriptor, Describe(descriptor, mount), false);
    }

    /// <summary>The description of a descriptor that was inherited.</summary>
    internal static FileDescription Describe(int descriptor, Mount? mount) =>
        descriptor <= 2 ? new StandardFile(descriptor) { Mount = mount } : new FileDescription(descriptor) { Mount = mount };

    /// <summary>Makes a descriptor of the VMM refer to /dev/null.</summary>
    /// <param name="descriptor">The descriptor.</param>
    /// <param name="flags">O_CLOEXEC or nothing.</param>
    internal static void LeadNowhere(int descriptor, int flags)
    {
        using NativeBuffer buffer = new(PathScratch.MostPathBytes * 2);
        long empty = HostStubs.Call(SystemCall.Openat, OpenFlags.CurrentDirectory, PathScratch.Put(buffer, 0, "/dev/null"),
            OpenFlags.ReadWrite | OpenFlags.CloseOnExec);
        if (empty < 0)
            return;
        HostStubs.Call(SystemCall.Dup3, empty, descriptor, flags);
        HostFile.Close((int)empty);
    }

    /// <summary>Keeps what another VMM handed over from programs that the VMM itself may start, as all its descriptors are.</summary>
    internal static void Keep(IEnumerable<int> descriptors)
    {
        const int setFlags = 2, closeOnExec = 1;
        foreach (int descriptor in descriptors)
            HostStubs.CallQuick(SystemCall.Fcntl, descriptor, setFlags, closeOnExec);
    }

    /// <summary>
    /// Standard input, output or error. Once the program has closed it, its number in the VMM refers to /dev/null:
    /// the other end sees the close, and nothing that the VMM opens gets a number that its runtime writes to.
    /// </summary>
    private sealed class StandardFile(int descriptor) : FileDescription(descriptor)
    {
        internal override bool IsMadeUp => false;

        protected override long OnLastRelease()
        {
            LeadNowhere(Host, OpenFlags.CloseOnExec);
            return 0;
        }
    }
}
