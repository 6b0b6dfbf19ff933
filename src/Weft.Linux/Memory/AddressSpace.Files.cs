using Weft.Native;

namespace Weft.Linux.Memory;

public sealed partial class AddressSpace
{
    // Of the shared mappings: one descriptor a file and access mode, however often it is mapped.
    private readonly Dictionary<MappedFile, BackingFile> _backingFiles = [];

    /// <summary>
    /// Maps a regular file shared, and keeps a descriptor of it: for adapters that share the mapping, and for forks. The file
    /// must tell itself from others by device and inode; inode 0 is nobody's.
    /// </summary>
    internal SyscallResult MapShareable(in MapRequest request)
    {
        // Paths may differ, by links; and the descriptor is what is looked for.
        MappedFile key = request.File! with { Path = "" };
        lock (_lock)
        {
            bool isKnown = _backingFiles.TryGetValue(key, out BackingFile? backing);
            if (isKnown)
                backing!.Hold();
            else if ((backing = _memory.IsShared ? BackingFile.Duplicate(request.HostDescriptor)
                : BackingFile.Name(request.HostDescriptor, request.Content == Machine.HostContent.SharedFile)) is null)
                return _memory.IsShared ? Errno.ENFILE : Map(request);
            SyscallResult result = Map(request with { File = request.File with { Backing = backing } });
            // The mapping may have replaced the last one of the same file: then the hold above is the mappings'.
            bool isNew = !result.IsError && key.Inode != 0 && _backingFiles.TryAdd(key, backing);
            if (isKnown ? !isNew : result.IsError)
                backing.LetGo();
            return result;
        }
    }

    /// <summary>Lets the files of unmapped areas go that no other area has.</summary>
    private void ReleaseFilesLocked(List<MemoryArea> unmapped)
    {
        HashSet<BackingFile>? looked = null;
        foreach (MemoryArea area in unmapped)
        {
            if (area.File?.Backing is not { } file || !(looked ??= []).Add(file) || _areas.Exists(other => ReferenceEquals(other.File?.Backing, file)))
                continue;
            _backingFiles.Remove(area.File with { Path = "", Backing = null });
            file.LetGo();
        }
    }
}
