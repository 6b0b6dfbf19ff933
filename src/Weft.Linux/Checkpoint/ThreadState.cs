using System.Runtime.InteropServices;
using Weft.Kvm;
using Weft.Linux.Signals;
using Weft.Machine;

namespace Weft.Linux.Checkpoint;

/// <summary>A stopped thread as it crosses to another VMM: all that a program can see in its registers, and its own settings.</summary>
public sealed class ThreadState
{
    private const int MostVectorBytes = 64 << 10, MostNameBytes = 16;
    private AlternateStack _alternateStack;

    /// <summary>General registers, RIP behind the call that stopped it.</summary>
    public KvmRegisters Registers { get; set; }

    /// <summary>Base of FS: the thread pointer.</summary>
    public ulong FsBase { get; set; }

    /// <summary>Base of GS.</summary>
    public ulong GsBase { get; set; }

    /// <summary>Address of set_tid_address; 0 for none.</summary>
    public ulong ClearChildTid { get; set; }

    /// <summary>x87, SSE, AVX state in the standard XSAVE format.</summary>
    public byte[] VectorState { get; private init; } = [];

    /// <summary>The name, at most 15 bytes.</summary>
    public byte[] Name { get; private init; } = [];

    private ulong Mask { get; init; }

    private bool KeepsCapabilities { get; init; }

    /// <summary>Takes a thread's state. The thread must be the calling one, in a system call that came by an exit.</summary>
    public static ThreadState Capture(GuestThread thread)
    {
        ArgumentNullException.ThrowIfNull(thread);
        byte[] vector = new byte[thread.Vcpu.VectorStateBytes];
        thread.Vcpu.ReadVectorState(vector);
        return new ThreadState
        {
            Registers = thread.Registers,
            FsBase = thread.Vcpu.FsBase,
            GsBase = thread.Vcpu.GsBase,
            VectorState = vector,
            Name = thread.Name,
            Mask = thread.Signals.LastingMask.Bits,
            _alternateStack = thread.Signals.AlternateStack,
            KeepsCapabilities = thread.Attributes.KeepsCapabilities,
        };
    }

    /// <summary>Gives the state to a thread that does not run yet, on the host thread that will run it.</summary>
    /// <exception cref="InvalidDataException">The processor has no such state.</exception>
    public void Restore(GuestThread thread)
    {
        ArgumentNullException.ThrowIfNull(thread);
        Vcpu vcpu = thread.Vcpu;
        vcpu.Registers = Registers;
        vcpu.RegistersChanged();
        vcpu.FsBase = FsBase;
        vcpu.GsBase = GsBase;
        if (VectorState.Length != vcpu.VectorStateBytes || !vcpu.TryWriteVectorState(VectorState))
            throw new InvalidDataException("This processor cannot take over the program's vector registers.");
        thread.Name = Name;
        thread.ClearChildTid = new(ClearChildTid);
        thread.Signals.AlternateStack = _alternateStack;
        thread.Signals.SetMask(new SignalSet(Mask));
        thread.Attributes.KeepsCapabilities = KeepsCapabilities;
    }

    /// <summary>Writes it.</summary>
    public void Write(BinaryWriter writer)
    {
        ArgumentNullException.ThrowIfNull(writer);
        KvmRegisters registers = Registers;
        writer.Write(MemoryMarshal.AsBytes(new ReadOnlySpan<KvmRegisters>(in registers)));
        writer.Write(FsBase);
        writer.Write(GsBase);
        writer.Write(ClearChildTid);
        writer.WriteBytes(VectorState);
        writer.WriteBytes(Name);
        writer.Write(Mask);
        writer.Write(MemoryMarshal.AsBytes(new ReadOnlySpan<AlternateStack>(in _alternateStack)));
        writer.Write(KeepsCapabilities);
    }

    /// <summary>Reads what <see cref="Write"/> wrote.</summary>
    /// <exception cref="InvalidDataException">It is none.</exception>
    /// <exception cref="EndOfStreamException">It is cut off.</exception>
    public static ThreadState Read(BinaryReader reader)
    {
        ArgumentNullException.ThrowIfNull(reader);
        return new ThreadState
        {
            Registers = ReadStructure<KvmRegisters>(reader),
            FsBase = reader.ReadUInt64(),
            GsBase = reader.ReadUInt64(),
            ClearChildTid = reader.ReadUInt64(),
            VectorState = ReadBytes(reader, MostVectorBytes),
            Name = ReadBytes(reader, MostNameBytes),
            Mask = reader.ReadUInt64(),
            _alternateStack = ReadStructure<AlternateStack>(reader),
            KeepsCapabilities = reader.ReadBoolean(),
        };
    }

    private static byte[] ReadBytes(BinaryReader reader, int most)
    {
        int length = reader.ReadInt32();
        byte[] bytes = length >= 0 && length <= most ? reader.ReadBytes(length) : throw new InvalidDataException("The process's state is damaged.");
        return bytes.Length == length ? bytes : throw new EndOfStreamException();
    }

    private static T ReadStructure<T>(BinaryReader reader) where T : unmanaged
    {
        T value = default;
        Span<byte> bytes = MemoryMarshal.AsBytes(new Span<T>(ref value));
        reader.BaseStream.ReadExactly(bytes);
        return value;
    }
}
