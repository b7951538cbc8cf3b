using FilterProxy.Host.Commands;
using Xunit;

namespace FilterProxy.Tests.Commands;

public sealed class ColumnTests
{
    private static readonly Column[] Columns = ["Name", Column.Number("Weight", rank: 1), Column.Number("Open", rank: 2), new("Why") { IsText = true }];
    private static readonly string[][] Rows = [["127.0.0.1:3000", "1", "12", "an explanation that may be broken into lines"]];

    [Theory]
    [InlineData(200, "0,1,2,3")]
    [InlineData(14 + 6 + 4 + 16 + (4 * 3), "0,1,2,3")]
    [InlineData(14 + 6 + 4 + 16 + (4 * 3) - 1, "0,1,3")]
    [InlineData(40, "0,3")]
    [InlineData(10, "0,3")]
    public void Where_there_is_no_room_the_highest_rank_goes_first_and_the_lowest_never(int width, string shown) =>
        Assert.Equal(shown, string.Join(',', Column.Fitting(Columns, Rows, width, between: 3)));
}
