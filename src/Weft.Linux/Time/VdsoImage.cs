namespace Weft.Linux.Time;

/// <summary>
/// The vDSO that every guest program finds through AT_SYSINFO_EHDR: clock_gettime, gettimeofday, time, clock_getres and
/// getcpu without a system call.
/// </summary>
/// <remarks>
/// To use it, map two adjacent guest pages: the clock page (<see cref="ClockPage"/>), read-only, and after it
/// <see cref="Bytes"/>, read and execute. The image is position-independent and stateless: one copy serves every VM.
/// </remarks>
public static partial class VdsoImage
{
    /// <summary>Bytes of the image: one page.</summary>
    public const int SizeBytes = 4096;

    /// <summary>Bytes of the clock page and the image together; the clock page comes first.</summary>
    public const int SpanBytes = ClockPageLayout.PageBytes + SizeBytes;

    /// <summary>The image, padded with zeros to <see cref="SizeBytes"/>.</summary>
    /// <remarks>A constant of the assembly, so that starting a VM assembles nothing; a test holds it equal to
    /// <see cref="Build"/>, and writes VdsoImage.Bytes.cs anew when WEFT_REGENERATE names the folder of this file.</remarks>
    public static ReadOnlySpan<byte> Bytes => Constant;

    /// <summary>Assembles the image anew. For tests and regeneration only: it takes milliseconds.</summary>
    public static byte[] Build() => VdsoElf.Write(new VdsoCode());
}
