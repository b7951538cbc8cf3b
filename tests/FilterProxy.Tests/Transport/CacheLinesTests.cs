using FilterProxy.Core.Transport;
using Xunit;

namespace FilterProxy.Tests.Transport;

public sealed class CacheLinesTests
{
    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(40)]
    [InlineData(1 << 16)]
    public void Memory_that_is_fetched_is_left_as_it_is_also_where_nothing_is(int lines)
    {
        var bytes = new byte[] { 1, 2, 3 };

        // Far behind the object, and for all we know behind the heap.
        CacheLines.Fetch(bytes, lines);
        CacheLines.Fetch(null, lines);

        Assert.Equal([1, 2, 3], bytes);
    }
}
