using System.Buffers.Binary;
using System.Diagnostics.CodeAnalysis;

namespace Weft.Linux.Loading;

/// <summary>
/// A new program's stack: the bytes to place and where. From low to high addresses: argc, argv, NULL, envp, NULL, auxiliary vector,
/// padding, 16 random bytes, "x86_64", padding, the strings of argv, of envp, the path, 8 zero bytes.
/// </summary>
/// <remarks>
/// Pure. Source: System V ABI, AMD64 supplement, 3.4.1; Linux fs/exec.c (bprm_stack_limits, copy_strings) and fs/binfmt_elf.c
/// (create_elf_tables).
/// </remarks>
public sealed class InitialStack
{
    /// <summary>Longest string with its final NUL, in bytes (MAX_ARG_STRLEN).</summary>
    public const int MaxStringLength = 128 << 10;

    /// <summary>Most that strings and their pointers may take, in bytes, however large the stack.</summary>
    public const ulong MaxTotalLength = 6 << 20;

    /// <summary>What strings and their pointers may always take, in bytes, however small the stack (ARG_MAX).</summary>
    public const ulong MinTotalLength = 128 << 10;

    private const int RandomLength = 16;
    private const int TopPadding = 8;
    private const int MaxAuxiliaryEntries = 21;
    private const ulong ShiftRange = 8192;
    private const int PointerSize = 8;

    private InitialStack(byte[] bytes) => Bytes = bytes;

    /// <summary>What to place at <see cref="StackPointer"/>; it reaches up to the stack's top exactly. The caller owns it.</summary>
    public byte[] Bytes { get; }

    /// <summary>RSP at the first instruction: a multiple of 16, argc lies there.</summary>
    public ulong StackPointer { get; private init; }

    /// <summary>Start of argv's strings, for /proc/self/cmdline; they end at <see cref="EnvironmentStart"/>.</summary>
    public ulong ArgumentsStart { get; private init; }

    /// <summary>Start of envp's strings, for /proc/self/environ.</summary>
    public ulong EnvironmentStart { get; private init; }

    /// <summary>First address behind envp's strings, where the path of AT_EXECFN lies.</summary>
    public ulong EnvironmentEnd { get; private init; }

    /// <summary>Start of the auxiliary vector, for /proc/self/auxv.</summary>
    public ulong AuxiliaryStart { get; private init; }

    /// <summary>Length of the auxiliary vector in bytes, AT_NULL included.</summary>
    public int AuxiliaryLength { get; private init; }

    private static ReadOnlySpan<byte> Platform => "x86_64\0"u8;

    /// <summary>Lays out a stack.</summary>
    /// <param name="request">What it holds.</param>
    /// <param name="stack">The stack, if true is returned.</param>
    /// <param name="error">Why not, if false is returned.</param>
    /// <exception cref="ArgumentException">The top is not a multiple of 16, lies outside user space or too low for the stack, or there are not 16 random bytes.</exception>
    public static bool TryBuild(
        InitialStackRequest request, [NotNullWhen(true)] out InitialStack? stack, out InitialStackError error)
    {
        if (request.StackTop % 16 != 0 || request.StackTop > LoadPlan.UserAddressLimit)
            throw new ArgumentException("The stack's top must be an aligned user address.", nameof(request));
        if (request.RandomBytes.Length != RandomLength)
            throw new ArgumentException("There must be 16 random bytes.", nameof(request));

        stack = null;
        IReadOnlyList<byte[]> arguments = request.Arguments.Count == 0 ? [[]] : request.Arguments;
        error = Measure(request, arguments, out int argumentsLength, out int environmentLength);
        if (error != InitialStackError.None)
            return false;

        ulong pathAddress = request.StackTop - TopPadding - (ulong)request.ExecutedPath.Length - 1;
        ulong environmentStart = pathAddress - (ulong)environmentLength;
        ulong argumentsStart = environmentStart - (ulong)argumentsLength;
        ulong platform = ((argumentsStart - (request.ShiftRandom % ShiftRange)) & ~15UL) - (ulong)Platform.Length;
        ulong random = platform - RandomLength;

        Span<ulong> auxiliary = stackalloc ulong[MaxAuxiliaryEntries * 2];
        int auxiliaryWords = FillAuxiliary(auxiliary, request.Auxiliary, random, pathAddress, platform);
        int pointerWords = 1 + arguments.Count + 1 + request.Environment.Count + 1;
        ulong stackPointer = (random - ((ulong)(pointerWords + auxiliaryWords) * PointerSize)) & ~15UL;
        if (stackPointer > request.StackTop)
            throw new ArgumentException("The stack's top lies too low for what it must hold.", nameof(request));

        var bytes = new byte[request.StackTop - stackPointer];
        var writer = new Writer(bytes, stackPointer);
        writer.Word((ulong)arguments.Count);
        writer.Strings(arguments, argumentsStart);
        writer.Strings(request.Environment, environmentStart);
        writer.Words(auxiliary[..auxiliaryWords]);
        request.RandomBytes.CopyTo(bytes.AsSpan((int)(random - stackPointer)));
        Platform.CopyTo(bytes.AsSpan((int)(platform - stackPointer)));
        request.ExecutedPath.CopyTo(bytes.AsSpan((int)(pathAddress - stackPointer)));

        stack = new(bytes)
        {
            StackPointer = stackPointer,
            ArgumentsStart = argumentsStart,
            EnvironmentStart = environmentStart,
            EnvironmentEnd = pathAddress,
            AuxiliaryStart = stackPointer + ((ulong)pointerWords * PointerSize),
            AuxiliaryLength = auxiliaryWords * PointerSize,
        };
        return true;
    }

    private static InitialStackError Measure(
        InitialStackRequest request, IReadOnlyList<byte[]> arguments, out int argumentsLength, out int environmentLength)
    {
        ulong limit = Math.Max(Math.Min(MaxTotalLength, request.StackLimit / 4), MinTotalLength);
        ulong pointers = ((ulong)arguments.Count + (ulong)request.Environment.Count) * PointerSize;
        argumentsLength = 0;
        environmentLength = 0;
        if (pointers >= limit)
            return InitialStackError.TooLong;
        ulong left = limit - pointers;
        InitialStackError error = Take(request.ExecutedPath, ref left, out _);
        if (error == InitialStackError.None)
            error = TakeAll(request.Environment, ref left, out environmentLength);
        if (error == InitialStackError.None)
            error = TakeAll(arguments, ref left, out argumentsLength);
        return error;
    }

    private static InitialStackError TakeAll(IReadOnlyList<byte[]> strings, ref ulong left, out int total)
    {
        total = 0;
        for (int i = 0; i < strings.Count; i++)
        {
            InitialStackError error = Take(strings[i], ref left, out int length);
            if (error != InitialStackError.None)
                return error;
            total += length;
        }

        return InitialStackError.None;
    }

    private static InitialStackError Take(byte[] text, ref ulong left, out int length)
    {
        length = 0;
        if (text.Length >= MaxStringLength || (ulong)text.Length + 1 > left)
            return InitialStackError.TooLong;
        if (text.AsSpan().Contains((byte)0))
            return InitialStackError.EmbeddedNul;
        length = text.Length + 1;
        left -= (ulong)length;
        return InitialStackError.None;
    }

    // In Linux's order.
    private static int FillAuxiliary(Span<ulong> words, AuxiliaryValues values, ulong random, ulong path, ulong platform)
    {
        int count = 0;
        if (values.VdsoHeader != 0)
            Add(words, ref count, AuxiliaryType.VdsoHeader, values.VdsoHeader);
        Add(words, ref count, AuxiliaryType.MinimumSignalStack, values.MinimumSignalStack);
        Add(words, ref count, AuxiliaryType.HardwareCapabilities, values.HardwareCapabilities);
        Add(words, ref count, AuxiliaryType.PageSize, values.PageSize);
        Add(words, ref count, AuxiliaryType.ClockTicks, values.ClockTicks);
        Add(words, ref count, AuxiliaryType.ProgramHeaders, values.ProgramHeaderAddress);
        Add(words, ref count, AuxiliaryType.ProgramHeaderSize, ElfImage.ProgramHeaderSize);
        Add(words, ref count, AuxiliaryType.ProgramHeaderCount, (ulong)values.ProgramHeaderCount);
        Add(words, ref count, AuxiliaryType.InterpreterBase, values.InterpreterBase);
        Add(words, ref count, AuxiliaryType.Flags, 0);
        Add(words, ref count, AuxiliaryType.Entry, values.Entry);
        Add(words, ref count, AuxiliaryType.UserId, values.UserId);
        Add(words, ref count, AuxiliaryType.EffectiveUserId, values.EffectiveUserId);
        Add(words, ref count, AuxiliaryType.GroupId, values.GroupId);
        Add(words, ref count, AuxiliaryType.EffectiveGroupId, values.EffectiveGroupId);
        Add(words, ref count, AuxiliaryType.Secure, values.Secure ? 1UL : 0);
        Add(words, ref count, AuxiliaryType.Random, random);
        Add(words, ref count, AuxiliaryType.HardwareCapabilities2, values.HardwareCapabilities2);
        Add(words, ref count, AuxiliaryType.ExecutedPath, path);
        Add(words, ref count, AuxiliaryType.Platform, platform);
        Add(words, ref count, AuxiliaryType.Null, 0);
        return count;
    }

    private static void Add(Span<ulong> words, ref int count, AuxiliaryType type, ulong value)
    {
        words[count++] = (ulong)type;
        words[count++] = value;
    }

    /// <summary>Writes words upward from the stack pointer, and the strings they point to.</summary>
    private ref struct Writer(Span<byte> bytes, ulong address)
    {
        private readonly Span<byte> bytes = bytes;
        private int position;

        internal void Word(ulong value)
        {
            BinaryPrimitives.WriteUInt64LittleEndian(bytes[position..], value);
            position += PointerSize;
        }

        internal void Words(scoped ReadOnlySpan<ulong> values)
        {
            foreach (ulong value in values)
                Word(value);
        }

        // A table of pointers that NULL ends; the array starts as zeros, so that each string's NUL is there.
        internal void Strings(IReadOnlyList<byte[]> strings, ulong start)
        {
            for (int i = 0; i < strings.Count; i++)
            {
                Word(start);
                strings[i].CopyTo(bytes[(int)(start - address)..]);
                start += (ulong)strings[i].Length + 1;
            }

            Word(0);
        }
    }
}
