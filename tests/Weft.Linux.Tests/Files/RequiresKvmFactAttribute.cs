namespace Weft.Linux.Tests.Files;

/// <summary>A test that makes a VM; skipped where /dev/kvm can't be used.</summary>
internal sealed class RequiresKvmFactAttribute : FactAttribute
{
    public RequiresKvmFactAttribute()
    {
        try
        {
            using FileStream kvm = new("/dev/kvm", FileMode.Open, FileAccess.ReadWrite);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            Skip = $"needs /dev/kvm: {exception.Message}";
        }
    }
}
