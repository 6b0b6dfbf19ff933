using System.Globalization;
using System.Runtime.InteropServices;
using System.Text;
using Weft.Linux.Files;
using Weft.Linux.Groups;

namespace Weft.Linux.Proc;

/// <summary>/proc/PID of another member of the VM's group: what that VM shows of itself. Other processes are not there.</summary>
internal static class MemberTree
{
    private const int OwnerReadExecute = 0x140;

    /// <summary>The directory of a member; null for everybody else.</summary>
    internal static ViewNode? Find(GuestThread thread, string name, ViewContext context)
    {
        if (thread.Kernel.Group is not { } group || !ProcessTree.TryParseId(name, out int id) || group.Find(id) is not { } peer)
            return null;
        return new DynamicDirectory((_, entry) => Entry(peer, entry, context), _ => Entries());
    }

    private static List<VirtualEntry> Entries()
    {
        List<VirtualEntry> entries =
        [
            new VirtualEntry(MemberFiles.Descriptors, VirtualNodeKind.Directory),
            new VirtualEntry(MemberFiles.DescriptorInfos, VirtualNodeKind.Directory),
            new VirtualEntry(MemberFiles.Threads, VirtualNodeKind.Directory),
        ];
        foreach (string file in MemberFiles.Files)
            entries.Add(new VirtualEntry(file, VirtualNodeKind.File));
        foreach (string link in MemberFiles.Links)
            entries.Add(new VirtualEntry(link, VirtualNodeKind.Symlink));
        return entries;
    }

    private static ViewNode? Entry(GroupPeer peer, string name, ViewContext context)
    {
        if (Array.IndexOf(MemberFiles.Links, name) >= 0)
            return new ViewLink(thread => Encoding.Latin1.GetString(peer.Ask(thread, GroupRequest.ReadLink, Encoding.Latin1.GetBytes(name)) ?? []));
        return name switch
        {
            MemberFiles.Descriptors => new DynamicDirectory((thread, number) => Descriptor(peer, thread, number, context),
                thread => List(peer, thread, GroupRequest.ListDescriptors, VirtualNodeKind.Symlink), OwnerReadExecute),
            MemberFiles.DescriptorInfos => new DynamicDirectory(
                (thread, number) => Has(peer, thread, GroupRequest.ListDescriptors, number) ? File(peer, $"{name}/{number}") : null,
                thread => List(peer, thread, GroupRequest.ListDescriptors, VirtualNodeKind.File)),
            MemberFiles.Threads => new DynamicDirectory(
                (thread, id) => Has(peer, thread, GroupRequest.ListThreads, id) ? Thread(peer, id) : null,
                thread => List(peer, thread, GroupRequest.ListThreads, VirtualNodeKind.Directory)),
            _ => MemberFiles.IsFile(name) ? File(peer, name) : null,
        };
    }

    private static ViewFile File(GroupPeer peer, string path) =>
        new(thread => peer.Ask(thread, GroupRequest.ReadFile, Encoding.Latin1.GetBytes(path)) ?? []);

    private static DynamicDirectory Thread(GroupPeer peer, string id) => new(
        (_, file) => Array.IndexOf(MemberFiles.Files, file) >= 0 ? File(peer, $"{MemberFiles.Threads}/{id}/{file}") : null,
        _ => [.. MemberFiles.Files.Select(file => new VirtualEntry(file, VirtualNodeKind.File))]);

    private static bool Has(GroupPeer peer, GuestThread thread, GroupRequest list, string number) =>
        List(peer, thread, list, VirtualNodeKind.File).Any(entry => entry.Name == number);

    /// <summary>The host's own way to the same file. A VM with narrowed files gets memory only: else a member's files would lead out.</summary>
    private static ViewHostPath? Descriptor(GroupPeer peer, GuestThread thread, string name, ViewContext context)
    {
        if (!int.TryParse(name, NumberStyles.None, CultureInfo.InvariantCulture, out int number) || peer.HostDescriptor(thread, number) is not (>= 0 and var host))
            return null;
        string path = $"/proc/{peer.ProcessId}/fd/{host}";
        bool isMemory = context.Host.ReadLink(path) is { } target
            && (target.StartsWith("/memfd:", StringComparison.Ordinal) || target.StartsWith("/dev/shm/", StringComparison.Ordinal));
        return isMemory || !context.Options.NarrowsFiles ? new ViewHostPath(path) : null;
    }

    private static VirtualEntry[] List(GroupPeer peer, GuestThread thread, GroupRequest request, VirtualNodeKind kind)
    {
        ReadOnlySpan<int> numbers = MemoryMarshal.Cast<byte, int>(peer.Ask(thread, request) ?? []);
        VirtualEntry[] entries = new VirtualEntry[numbers.Length];
        for (int index = 0; index < entries.Length; index++)
            entries[index] = new VirtualEntry(numbers[index].ToString(CultureInfo.InvariantCulture), kind);
        return entries;
    }
}
