using FilterProxy.Core.Transport;
using Xunit;

namespace FilterProxy.Tests.Transport;

public sealed class LinuxFilesTests
{
    [Fact]
    public void A_file_has_the_size_it_was_written_with_and_one_that_is_not_there_has_none()
    {
        var path = Path.GetTempFileName();
        try
        {
            File.WriteAllBytes(path, new byte[12_345]);
            Assert.Equal((OperatingSystem.IsLinux(), OperatingSystem.IsLinux() ? 12_345 : 0), (LinuxFiles.TrySizeOf(path, out var size), size));
        }
        finally
        {
            File.Delete(path);
        }

        Assert.False(LinuxFiles.TrySizeOf(path, out _));
    }
}
