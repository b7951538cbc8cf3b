using System.Runtime.InteropServices;

namespace FilterProxy.Core.Transport;

/// <summary>What the kernel says of files and the runtime does not ask.</summary>
internal static unsafe partial class LinuxFiles
{
    // struct statx and its constants are the same on all architectures.
    private const int FromWorkingDirectory = -100, SizeField = 0x200, PlaceOfSize = 40, StructSize = 256;

    /// <summary>The size of a file, or of what a directory of the kernel's says of itself.</summary>
    public static bool TrySizeOf(string path, out long size)
    {
        size = 0;
        if (!OperatingSystem.IsLinux())
        {
            return false;
        }

        var facts = stackalloc byte[StructSize];
        try
        {
            if (StatX(FromWorkingDirectory, path, 0, SizeField, facts) != 0)
            {
                return false;
            }
        }
        catch (EntryPointNotFoundException)
        {
            // A C library from before statx(2).
            return false;
        }

        size = *(long*)(facts + PlaceOfSize);
        return true;
    }

    [LibraryImport("libc", EntryPoint = "statx", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int StatX(int directory, string path, int flags, uint mask, byte* facts);
}
