/* The clock that wolfSSL asks for: there is none, so nothing ends but by the server's word. */
unsigned int LowResTimer(void);

unsigned int LowResTimer(void)
{
    return 0;
}
