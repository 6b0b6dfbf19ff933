using Weft.Linux.Files;

namespace Weft.Linux.Checkpoint;

/// <summary>A process's descriptors.</summary>
/// <param name="Files">The open files.</param>
/// <param name="Numbers">The program's numbers, ascending.</param>
/// <param name="MayHoldLocks">Whether the process may hold POSIX record locks.</param>
public sealed record FileTableState(IReadOnlyList<FileState> Files, IReadOnlyList<NumberState> Numbers, bool MayHoldLocks)
{
    /// <summary>
    /// The table as it is now. Files stay open until the process ends or <see cref="Release"/> is called, whatever the
    /// program's other threads close meanwhile.
    /// </summary>
    /// <param name="process">The process.</param>
    /// <param name="forExec">Leaves out what is closed on exec.</param>
    /// <param name="held">What the state refers to, for <see cref="Release"/>.</param>
    public static FileTableState Capture(Process process, bool forExec, out IReadOnlyList<FileDescription> held)
    {
        List<FileDescription> descriptions = [];
        List<NumberState> numbers = [];
        foreach ((int number, FileDescription file, bool closesOnExec) in process.Files.Snapshot())
        {
            int index = descriptions.IndexOf(file);
            if (forExec && closesOnExec || index >= 0)
                file.Release();
            if (forExec && closesOnExec)
                continue;
            if (index < 0)
            {
                index = descriptions.Count;
                descriptions.Add(file);
            }
            numbers.Add(new NumberState(number, index, closesOnExec));
        }
        held = descriptions;
        MountTable mounts = process.Paths.Mounts;
        return new FileTableState([.. descriptions.Select(file => file.Describe(mounts))], numbers, process.Files.MayHoldLocks);
    }

    /// <summary>Gives back what <see cref="Capture"/> holds.</summary>
    public static void Release(IReadOnlyList<FileDescription> held)
    {
        foreach (FileDescription file in held)
            file.Release();
    }

    /// <summary>Fills a process's empty table.</summary>
    /// <param name="main">Its first thread.</param>
    internal void Restore(GuestThread main)
    {
        FileTable table = main.Files;
        FileDescription?[] files = new FileDescription?[Files.Count];
        foreach (NumberState number in Numbers)
        {
            if ((uint)number.File >= (uint)files.Length)
                throw new InvalidDataException("a descriptor refers to no file");
            if (files[number.File] is not { } file)
                files[number.File] = file = FileRestorer.Restore(main, Files[number.File]);
            else
                file.TryAddReference();
            table.RestoreAt(number.Number, file, number.ClosesOnExec);
        }
        table.MayHoldLocks = MayHoldLocks;
    }

    /// <summary>The host's descriptors that must be inherited.</summary>
    internal IEnumerable<int> HostDescriptors()
    {
        foreach (FileState file in Files)
        {
            if (file.Host >= 0)
                yield return file.Host;
            if (file.Writer >= 0)
                yield return file.Writer;
            foreach ((_, int host, _) in file.Keys.Duplicates)
                yield return host;
        }
    }

    internal static void Write(BinaryWriter writer, FileTableState table)
    {
        writer.WriteList(table.Files, FileState.Write);
        writer.WriteList(table.Numbers, static (to, number) =>
        {
            to.Write(number.Number);
            to.Write(number.File);
            to.Write(number.ClosesOnExec);
        });
        writer.Write(table.MayHoldLocks);
    }

    internal static FileTableState Read(BinaryReader reader) => new(reader.ReadList(FileState.Read),
        reader.ReadList(static from => new NumberState(from.ReadInt32(), from.ReadInt32(), from.ReadBoolean())), reader.ReadBoolean());
}
