using System.Text;
using FilterProxy.Filters.Waf.Detection;
using Xunit;

namespace FilterProxy.Filters.Tests.Waf.Detection;

public sealed class XssDetectorTests
{
    [Theory]
    [InlineData("this is not a script")]
    [InlineData("a < b and c > d")]
    [InlineData("I <3 you = yes")]
    [InlineData("<p>It's <b>bold</b> and <i>new</i></p>")]
    [InlineData("<a href=\"https://example.com/?a=b&amp;c=d\" title='x'>link</a>")]
    [InlineData("<img src=\"data:image/png;base64,AAAA\" alt=\"one\">")]
    [InlineData("<span style=\"color: red; text-align: center\">x</span>")]
    [InlineData("List<object> all = new List<object>();")]
    [InlineData("use the <link> tag, or <meta>")]
    [InlineData("<Link href=\"/home\">Home</Link>")]
    [InlineData("<https://example.com/a=b>")]
    [InlineData("John <john@example.com>")]
    [InlineData("he said \"hello\" once=twice only=one")]
    [InlineData("<!-- a note -->")]
    [InlineData("</script>")]
    [InlineData("<p onset=1 once=2>")]
    public void Text_and_light_markup_are_no_injection(string input) => Assert.False(IsInjection(input));

    [Theory]
    [InlineData("<a href='javascript:z()'>", "<a href='javascript.html'>")]
    [InlineData("<a href='&#106;avascript&#x3a;z()'>", "<a href='&#106;ava.html'>")]
    [InlineData("<a href='data:text/html,z'>", "<a href='data:image/gif;base64,z'>")]
    [InlineData("<p onclick=z()>", "<p on=z()>")]
    [InlineData("x\" onclick=\"z()", "x\" one=\"z()")]
    [InlineData("<p style='width:expression(z())'>", "<p style='width:1px'>")]
    [InlineData("<link rel=stylesheet href=z>", "<link> of the chain = z")]
    [InlineData("<!--[if IE]>", "<!-- if it = x -->")]
    [InlineData("<script src=z>", "<scripted src=z>")]
    [InlineData("<x:script>", "<x:scripts>")]
    [InlineData("<p title=\"</p><script>z()\">", "<p title=\"</p><b>z()\">")]
    public void A_small_difference_makes_it_one(string attack, string harmless)
    {
        Assert.True(IsInjection(attack));
        Assert.False(IsInjection(harmless));
    }

    [Fact]
    public void Every_class_of_attack_is_told()
    {
        var attacks = AttackCorpus.Xss().ToList();
        var missed = attacks.Where(attack => !IsInjection(attack)).ToList();

        Assert.True(attacks.Count > 250, $"{attacks.Count} attacks");
        Assert.True(missed.Count == 0, $"{missed.Count} of {attacks.Count} missed:\n{string.Join('\n', missed)}");
    }

    private static bool IsInjection(string input) => XssDetector.IsInjection(Encoding.UTF8.GetBytes(input));
}
