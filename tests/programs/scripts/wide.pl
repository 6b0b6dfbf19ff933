# Perl: text, sorting, big numbers, files, sockets, signals, local time.
use strict;
use warnings;
use Digest::SHA qw(sha256_hex);
use File::Temp qw(tempdir);
use IO::Select;
use IO::Socket::INET;
use List::Util qw(sum reduce);
use Math::BigInt;
use POSIX qw(strftime floor :signal_h);
use Time::HiRes qw(time sleep);

my %count;
$count{ length $_ }++ for map { "x" x ( $_ * 7 % 13 ) } 1 .. 1000;
print join( " ", map { "$_:$count{$_}" } sort { $a <=> $b } keys %count ), "\n";
print Math::BigInt->new(2)->bpow(500), "\n";
print sha256_hex( join ",", 1 .. 10000 ), "\n";
my $text = "The year 1987 and the year 2042";
print join( "|", $text =~ /(\d{4})/g ), " ", $text =~ s/year (\d+)/$1 year/gr, "\n";

my $folder = tempdir( CLEANUP => 1 );
for my $n ( 1 .. 50 ) {
    open my $file, ">", "$folder/$n" or die $!;
    print $file "line $_\n" for 1 .. $n;
    close $file;
}
opendir my $dir, $folder or die $!;
my @names = sort { $a <=> $b } grep { !/^\./ } readdir $dir;
print scalar(@names), " files, ", sum( map { -s "$folder/$_" } @names ), " bytes\n";

my $caught = 0;
$SIG{ALRM} = sub { $caught++ };
Time::HiRes::alarm(0.05);
sleep 2;
$SIG{USR1} = sub { $caught += 10 };
kill USR1 => $$;
print "caught $caught\n";
eval { local $SIG{ALRM} = sub { die "too long\n" }; Time::HiRes::alarm(0.05); 1 while 1; };
print "eval: $@";

my $server = IO::Socket::INET->new( Listen => 5, LocalAddr => "127.0.0.1", Proto => "tcp" ) or die $!;
my $client = IO::Socket::INET->new( PeerAddr => "127.0.0.1", PeerPort => $server->sockport ) or die $!;
my $accepted = $server->accept;
print $client "through a socket\n";
$client->flush;
print "select ", scalar( IO::Select->new($accepted)->can_read(5) ), " ", scalar <$accepted>;
print strftime( "%Y-%m-%d %H:%M:%S", gmtime(1_000_000_000) ), " ", floor(-2.5), "\n";
my @sorted = sort { $a->[1] <=> $b->[1] || $a->[0] <=> $b->[0] } map { [ $_, $_ * 7919 % 1009 ] } 1 .. 20000;
print "$sorted[0][0] $sorted[-1][0]\n";
exit 4;
