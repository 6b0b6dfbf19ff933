using System.Runtime.Intrinsics.X86;
using Weft.Linux.Memory;
using Weft.Linux.Time;
using Weft.Machine;
using Weft.Native;

namespace Weft.Linux.Loading;

/// <summary>Puts a program into a process's empty address space, as execve does, and sets its first thread's registers.</summary>
/// <param name="process">The process.</param>
/// <param name="openExecutable">Opens a path of the program's file system, a char a byte: a descriptor or -errno.</param>
public sealed class ProgramLoader(Process process, Func<string, long> openExecutable)
{
    private const ulong StackBytes = 8 << 20;
    private const ulong StackTop = AddressSpace.End - 0x10000;

    /// <summary>Loads a program.</summary>
    /// <param name="opened">The program, whose descriptor stays the caller's.</param>
    /// <param name="environment">envp.</param>
    /// <param name="thread">The process's first thread.</param>
    /// <exception cref="LoadException">It cannot be started; says why.</exception>
    public void Load(OpenedProgram opened, IReadOnlyList<byte[]> environment, GuestThread thread)
    {
        ProgramFile program = opened.File;
        ElfImage image = opened.Image;
        LoadPlan plan = Plan(program, image, LoadPlacement.ProgramBias(image, HostRandom.NextWord()), ElfRole.Program);
        MapImage(plan, program);
        LoadPlan start = plan;
        ulong interpreterBase = 0;
        if (image.Interpreter is { } range)
        {
            start = LoadInterpreter(program, range);
            interpreterBase = start.Bias;
        }
        process.Memory.InitializeBreak(LoadPlacement.BreakStart(plan, HostRandom.NextWord()));
        MapStack(image.HasExecutableStack);
        ulong vdso = VdsoMapping.Map(process, thread.Vcpu);
        InitialStack stack = BuildStack(opened, environment, new AuxiliaryValues
        {
            VdsoHeader = vdso,
            MinimumSignalStack = (ulong)thread.Vcpu.VectorStateBytes + 1024,
            HardwareCapabilities = (uint)X86Base.CpuId(1, 0).Edx,
            HardwareCapabilities2 = 2,
            ProgramHeaderAddress = plan.ProgramHeaderAddress,
            ProgramHeaderCount = image.ProgramHeaderCount,
            InterpreterBase = interpreterBase,
            Entry = plan.Entry,
            UserId = Id(SystemCall.Getuid),
            EffectiveUserId = Id(SystemCall.Geteuid),
            GroupId = Id(SystemCall.Getgid),
            EffectiveGroupId = Id(SystemCall.Getegid),
        });
        if (!process.Memory.TryWrite(new(stack.StackPointer), stack.Bytes))
            throw new LoadException(Errno.ENOMEM, "has no room for its stack; raise --memory");
        byte[] auxiliary = stack.Bytes.AsSpan((int)(stack.AuxiliaryStart - stack.StackPointer), stack.AuxiliaryLength).ToArray();
        process.Image = new ProgramImage(program.CanonicalPath, opened.Arguments, environment, auxiliary, stack.ArgumentsStart, stack.EnvironmentStart, StackTop);
        byte[] name = opened.Path[(opened.Path.LastIndexOf((byte)'/') + 1)..];
        const int longestName = 15;
        thread.Name = name.Length <= longestName ? name : name[..longestName];
        thread.Vcpu.StartAt(new(start.Entry), new(stack.StackPointer));
    }

    private static LoadPlan Plan(ProgramFile file, ElfImage image, ulong bias, ElfRole role) =>
        LoadPlan.TryCreate(image, bias, AddressSpace.PageSize, role, out LoadPlan? plan, out ElfFailure failure)
            ? plan : throw OpenedProgram.Failed(file, failure, role);

    private LoadPlan LoadInterpreter(ProgramFile program, FileRange range)
    {
        using ProgramFile file = OpenedProgram.OpenInterpreter(program, range, openExecutable);
        ElfImage image = OpenedProgram.Parse(file, ElfRole.Interpreter);
        ulong length = LoadPlacement.ReservationLength(image);
        SyscallResult place = image.IsPositionIndependent
            ? process.Memory.Map(new MapRequest { LengthBytes = length, Protection = Protection.None })
            : SyscallResult.Success;
        if (place.IsError)
            throw new LoadException(place.Error, $"{file.Path}: no room in the address space");
        LoadPlan plan = Plan(file, image, LoadPlacement.BiasAt(image, (ulong)place.Value), ElfRole.Interpreter);
        if (image.IsPositionIndependent)
            process.Memory.Unmap((ulong)place.Value, length);
        MapImage(plan, file);
        return plan;
    }

    private void MapImage(LoadPlan plan, ProgramFile file)
    {
        MappedFile mapped = new(file.CanonicalPath, file.Device, file.Inode, false);
        foreach (LoadAction action in plan.Actions)
        {
            SyscallResult result = action.Kind switch
            {
                LoadActionKind.Zero => process.Memory.TryZero(new(action.Address), action.Length) ? SyscallResult.Success : Errno.EFAULT,
                LoadActionKind.MapFile => process.Memory.Map(RequestFor(action) with
                {
                    Content = HostContent.PrivateFile,
                    HostDescriptor = file.Descriptor,
                    FileOffset = action.FileOffset,
                    File = mapped,
                    IsCopy = true,
                }),
                _ => process.Memory.Map(RequestFor(action)),
            };
            if (result.IsError)
                throw new LoadException(result.Error, $"{file.Path}: its segment at 0x{action.Address:x} cannot be mapped: {ErrorText.Of(result.Error)}");
        }
    }

    private static MapRequest RequestFor(LoadAction action) => new()
    {
        Address = action.Address,
        LengthBytes = action.Length,
        Protection = (Protection)action.Protection,
        Placement = MapPlacement.Fixed,
    };

    private void MapStack(bool executable)
    {
        SyscallResult result = process.Memory.Map(new MapRequest
        {
            Address = StackTop - StackBytes,
            LengthBytes = StackBytes,
            Protection = Protection.Read | Protection.Write | (executable ? Protection.Execute : 0),
            Placement = MapPlacement.Fixed,
            Name = "[stack]",
        });
        if (result.IsError)
            throw new LoadException(result.Error, "has no room for its stack; raise --memory");
    }

    private static InitialStack BuildStack(OpenedProgram program, IReadOnlyList<byte[]> environment, AuxiliaryValues auxiliary)
    {
        InitialStackRequest request = new()
        {
            StackTop = StackTop,
            Arguments = program.Arguments,
            Environment = environment,
            ExecutedPath = program.Path,
            RandomBytes = RandomBytes(),
            Auxiliary = auxiliary,
            StackLimit = StackBytes,
            ShiftRandom = HostRandom.NextWord(),
        };
        return InitialStack.TryBuild(request, out InitialStack? stack, out InitialStackError error)
            ? stack
            : throw new LoadException(error == InitialStackError.TooLong ? Errno.E2BIG : Errno.EINVAL, $"{program.File.Path}: argument list too long or not text");
    }

    private static uint Id(SystemCall call) => (uint)HostStubs.CallQuick(call);

    private static byte[] RandomBytes()
    {
        const int count = 16;
        byte[] bytes = new byte[count];
        HostRandom.Fill(bytes);
        return bytes;
    }
}
