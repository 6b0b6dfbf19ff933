using Weft.Native;

namespace Weft.Linux.Checkpoint;

/// <summary>What a forked process has beyond what a new program keeps: memory, its one thread, and what clone(2) asked.</summary>
/// <remarks>Owns the memory's descriptors until <see cref="Dispose"/>.</remarks>
public sealed class ForkState : IDisposable
{
    /// <summary>The thread, as it is to run in the child.</summary>
    public required ThreadState Thread { get; init; }

    /// <summary>The memory.</summary>
    public required MemoryState Memory { get; init; }

    /// <summary>What the process runs.</summary>
    public required ProgramImage Image { get; init; }

    /// <summary>Where the child writes its id before its first instruction (CLONE_CHILD_SETTID); 0 for nowhere.</summary>
    public ulong ChildTid { get; init; }

    /// <summary>The socket whose closing lets a waiting parent go on; -1 when it does not wait.</summary>
    public int ParentSocket { get; init; } = -1;

    /// <summary>Whether the parent waits until the child executes a program or ends (vfork), and not only until it has its memory.</summary>
    public bool HoldsParent { get; init; }

    /// <summary>Every descriptor that must cross, each once.</summary>
    public IEnumerable<int> Descriptors => ParentSocket < 0 ? Memory.Descriptors : Memory.Descriptors.Append(ParentSocket);

    /// <summary>Writes it, but for what the descriptors hold.</summary>
    public void Write(BinaryWriter writer)
    {
        ArgumentNullException.ThrowIfNull(writer);
        Thread.Write(writer);
        Memory.Write(writer);
        writer.Write(Image.ExecutablePath);
        writer.WriteList(Image.Arguments, static (to, word) => to.WriteBytes(word));
        writer.WriteList(Image.Environment, static (to, variable) => to.WriteBytes(variable));
        writer.WriteBytes(Image.AuxiliaryVector);
        writer.Write(Image.ArgumentsStart);
        writer.Write(Image.EnvironmentStart);
        writer.Write(Image.StackTop);
        writer.Write(ChildTid);
        writer.Write(ParentSocket);
        writer.Write(HoldsParent);
    }

    /// <summary>Reads what <see cref="Write"/> wrote.</summary>
    /// <exception cref="InvalidDataException">It is none.</exception>
    /// <exception cref="EndOfStreamException">It is cut off.</exception>
    public static ForkState Read(BinaryReader reader)
    {
        ArgumentNullException.ThrowIfNull(reader);
        return new ForkState
        {
            Thread = ThreadState.Read(reader),
            Memory = MemoryState.Read(reader),
            Image = new ProgramImage(reader.ReadString(), reader.ReadList(static from => from.ReadBytesWithLength()),
                reader.ReadList(static from => from.ReadBytesWithLength()), reader.ReadBytesWithLength(),
                reader.ReadUInt64(), reader.ReadUInt64(), reader.ReadUInt64()),
            ChildTid = reader.ReadUInt64(),
            ParentSocket = reader.ReadInt32(),
            HoldsParent = reader.ReadBoolean(),
        };
    }

    /// <summary>Gives a fresh process its memory, and its first thread what it goes on with.</summary>
    /// <param name="main">The thread, which does not run yet, on the host thread that will run it.</param>
    /// <exception cref="IOException">The host has no room for it, or no such processor.</exception>
    public void Restore(GuestThread main)
    {
        ArgumentNullException.ThrowIfNull(main);
        Process process = main.Process;
        PageIndex pages = new(Memory.Runs);
        Errno error = !HoldsParent ? process.Memory.Restore(Memory)
            : process.Memory.Restore(Memory, pages, new ParentPages(new ParentLink(ParentSocket), Memory.DataDescriptor, pages), keepData: true);
        if (error != Errno.None)
            throw new IOException($"a forked process could not get its memory ({ErrorText.Of(error)}); free some memory");
        Time.VdsoMapping.Attach(process, main.Vcpu);
        Thread.Restore(main);
        process.Image = Image;
        if (ChildTid != 0)
            process.Memory.TryWrite(new Weft.Machine.GuestVirtualAddress(ChildTid), process.Id);
        if (HoldsParent)
            process.Kernel.WaitingParent = new WaitingParent(process.Memory, Memory.DataDescriptor, pages, ParentSocket);
        else if (ParentSocket >= 0)
            Files.HostFile.Close(ParentSocket);
    }

    /// <inheritdoc/>
    public void Dispose() => Memory.Dispose();
}
